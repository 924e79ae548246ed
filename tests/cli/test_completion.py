#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_completion.py SMTPSCAN - checks in real shells what bash and zsh offer after a Tab. A shell that is not installed
is left out; without any the test is skipped (77)."""
import os
import pty
import select
import shutil
import subprocess
import sys
import tempfile
import time

WAIT = 20
PROGRAM = os.path.abspath(sys.argv[1])

# What is typed, what must be offered, what must not be.
CASES = [
    ("smtpscan --fail-", {"--fail-on"}, {"--filter"}),
    ("smtpscan --no-", {"--no-detect", "--no-tls-keys"}, {"--mbox"}),
    ("smtpscan --fail-on ", {"high", "medium", "low"}, {"--fail-on"}),
    ("smtpscan --fail-on=me", {"medium"}, {"high"}),
    ("smtpscan -s h", {"high"}, {"low"}),
    ("smtpscan -e smtp_", {"smtp_command", "smtp_response", "smtp_content", "smtp_auth"}, {"alert"}),
    ("smtpscan -e alert,fl", {"flow"}, {"alert"}),
    ("smtpscan -e +smtp_co", {"smtp_command", "smtp_content"}, {"stats"}),
    ("smtpscan --disable bare_", {"bare_lf", "bare_cr"}, {"nul_byte"}),
    ("smtpscan --hash md5,s", {"sha1", "sha256"}, {"md5"}),
    ("smtpscan --graph=", {"strict"}, {"one.pcap"}),
    ("smtpscan --extract ", {"folder"}, {"one.pcap"}),
    ("smtpscan -o o", {"one.pcap"}, {"high"}),
    ("smtpscan o", {"one.pcap"}, {"folder"}),
    ("smtpscan --merge f", {"folder"}, {"one.pcap"}),
    ("smtpscan two", {"two words.pcap"}, {"one.pcap"}),
]

BASH = r"""
source "$1"; COMP_LINE=$2
compopt() { :; }
read -ra COMP_WORDS <<<"${COMP_LINE//=/ = }"
[[ $COMP_LINE == *' ' || $COMP_LINE == *= ]] && [[ ${COMP_WORDS[-1]} != = ]] && COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_smtpscan
printf '%s\n' "${COMPREPLY[@]}"
"""

def strip(offers):
    return {offer.split(",")[-1].lstrip("+").rstrip("=/ ") for offer in offers if offer}


def bash_as_it_is(script, line):
    done = subprocess.run(["bash", "--norc", "-c", BASH, "bash", script, line], stdout=subprocess.PIPE, check=True)
    return done.stdout.decode().split("\n")


def bash(script, line):
    return strip(bash_as_it_is(script, line))


def wrong_in(shell, ask, script):
    for line, wanted, unwanted in CASES:
        offers = ask(script, line)
        if not wanted <= offers or unwanted & offers:
            yield "%s: %r offers %s, wanted %s and not %s" % (shell, line, sorted(offers), sorted(wanted), sorted(unwanted))


class Zsh:
    """zsh can only be tested on a terminal: this types each line and a Tab, and compadd records the matches."""

    SETUP = """PROMPT="READY> "; fpath=(%s $fpath); autoload -U compinit; compinit -u -D; setopt no_beep; LISTMAX=1000
compadd() {
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return; fi
  typeset -a hits; builtin compadd -A hits "$@"; print -rl -- '<HIT>'$^hits'</HIT>' >>%s; builtin compadd "$@"
}
print DONE$((0))
"""

    def __init__(self):
        self.child = None

    def start(self, folder):
        self.hits, self.count = os.path.join(folder, "hits"), 0
        self.master, slave = pty.openpty()
        self.child = subprocess.Popen(["zsh", "-f", "-i"], stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                                      env=dict(os.environ, TERM="vt100", COLUMNS="200"))
        os.close(slave)
        os.write(self.master, (self.SETUP % (folder, self.hits)).encode())
        self.until("DONE0")

    def until(self, word):
        """Waits for zsh's prompt: before it the terminal itself would echo what is typed."""
        seen, end = b"", time.monotonic() + WAIT
        while b"READY> " not in seen.partition(word.encode())[2] and time.monotonic() < end:
            if select.select([self.master], [], [], 0.1)[0]:
                seen += os.read(self.master, 65536)

    def __call__(self, script, line):
        if not self.child:
            self.start(os.path.dirname(script))
        open(self.hits, "w").close()
        self.count += 1
        os.write(self.master, line.encode() + b"\t")
        os.write(self.master, b"\x15print DONE$((%d))\n" % self.count)
        self.until("DONE%d" % self.count)
        with open(self.hits, encoding="utf-8") as file:
            return strip(part.split("</HIT>")[0].replace("\\", "") for part in file.read().split("<HIT>")[1:])

    def stop(self):
        if self.child:
            self.child.kill()
            self.child.wait()
            os.close(self.master)


def has_terminals():
    """zsh is asked on a terminal, and some containers have none."""
    try:
        for fd in pty.openpty():
            os.close(fd)
    except OSError:
        return False
    return True


def main():
    wrong, shells, zsh = [], 0, Zsh()
    with tempfile.TemporaryDirectory() as folder:
        files = os.path.join(folder, "files")
        os.makedirs(os.path.join(files, "folder"))
        for name in ("one.pcap", "two words.pcap"):
            open(os.path.join(files, name), "w").close()
        for shell, ask, name in (("bash", bash, "smtpscan"), ("zsh", zsh, "_smtpscan")):
            if not shutil.which(shell) or (shell == "zsh" and not has_terminals()):
                continue
            shells += 1
            script = os.path.join(folder, shell, name)
            os.mkdir(os.path.dirname(script))
            with open(script, "wb") as file:
                subprocess.run([PROGRAM, "--completion=" + shell], check=True, stdout=file)
            subprocess.run([shell, "-n", script], check=True)
            os.chdir(files)
            wrong += wrong_in(shell, ask, script)
            if shell == "bash":  # only an option that must have a value ends with =
                for line, offer in (("smtpscan --qui", "--quiet"), ("smtpscan --outp", "--output="), ("smtpscan --grap", "--graph")):
                    if offer not in bash_as_it_is(script, line):
                        wrong.append("bash: %r does not offer %s" % (line, offer))
            os.chdir("/")
        zsh.stop()
    print("\n".join(wrong) or "%d shells, %d lines" % (shells, len(CASES)))
    return 1 if wrong else 0 if shells else 77


sys.exit(main())
