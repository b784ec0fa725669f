"""A Slurm of one machine, for as long as a test lasts: slurmctld and slurmd in the foreground, without systemd, munge or cgroups, everything of
theirs in one folder. Its exit statuses say little (0 for jobs that never ran): look at results."""
import json
import os
import socket
import subprocess
import time

CONFIG = """ClusterName=rvsim
SlurmctldHost=localhost(127.0.0.1)
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
AuthType=auth/none
CredType=cred/none
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmUser=root
SlurmdUser=root
ReturnToService=2
SlurmdParameters=config_overrides
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
JobRequeue=1
MinJobAge=300
NodeName=localhost NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=1000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Slurm:
    """`with Slurm(folder) as environment`: what its commands find it by."""

    def __init__(self, folder, cpus=2):
        self.folder, self.cpus, self.processes = folder, cpus, []
        self.environment = {**os.environ, "SLURM_CONF": os.path.join(folder, "slurm.conf")}

    def __enter__(self):
        for name in ("state", "spool"):
            os.makedirs(os.path.join(self.folder, name))
        with open(self.environment["SLURM_CONF"], "w") as file:
            file.write(CONFIG.format(folder=self.folder, cpus=self.cpus, ports=free_ports(2)))
        try:
            for words in (["slurmctld", "-D", "-c"], ["slurmd", "-D", "-c", "-N", "localhost"]):
                self.processes.append(subprocess.Popen(words, env={**self.environment, "PATH": os.environ["PATH"] + ":/usr/sbin"}, start_new_session=True,
                                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            self.wait_for_node()
        except BaseException:
            self.__exit__()
            raise
        return self.environment

    def wait_for_node(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            answer = subprocess.run(["sinfo", "--json"], env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
            try:
                if [node["state"] for node in json.loads(answer)["nodes"]] == ["idle"]:
                    return
            except (ValueError, KeyError):
                pass
            time.sleep(0.2)
        raise AssertionError("Slurm's node is not idle:\n" + self.logs())

    def logs(self):
        text = ""
        for name in ("slurmctld.log", "slurmd.log"):
            path = os.path.join(self.folder, name)
            if os.path.exists(path):
                with open(path, errors="replace") as file:
                    text += f"{name}:\n{file.read()[-2000:]}"
        return text

    def __exit__(self, *_):
        """`scontrol shutdown` would leave slurmstepd behind: jobs first."""
        subprocess.run(["scancel", "--signal=KILL", "--full", "--user", "root"], env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        subprocess.run(["scancel", "--user", "root"], env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and subprocess.run(["squeue", "--noheader"], env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout.strip():
            time.sleep(0.2)
        for process in self.processes[::-1]:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
