"""A process that has torch imported and becomes, by fork, each job that Snakemake starts on this machine.

To import torch and what goes with it takes a job longer than the job itself, where that is small. The server
starts with Snakemake and ends with it. `ebm`, as Snakemake calls it, hands its job over: arguments, folder,
environment, open files. What the server forks does it, with a log, a record, a memory figure and an exit code
of its own, and `ebm` passes signals on and waits. Without a server, with one that is not like this process,
or where it dies, `ebm` does the job itself: the bytes are the same.

    protocol.py   what makes two processes alike, and what they say to each other
    server.py     the process that forks
    client.py     `ebm`, handing its job over
    start.py      Snakemake, starting the server
"""
