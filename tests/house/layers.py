#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""layers.py ROOT ARCHIVE - checks that no stage uses a later one, that no files call each other in a circle, and that no two
files define the same name.

ROOT is the project's folder: its #include lines are read. A file of src/STAGE may include headers of its own folder, and
those in include/ that belong to its stage or to an earlier one. A library's headers are for the folders that wrap it.
ARCHIVE is the core's static library: its symbols say who calls whom, whatever is included. Prints a line for each fault;
exit status 1 when there is one. test_layers.py shows that each kind of fault is found.
"""
import collections
import os
import re
import subprocess
import sys

# The stages in the order in which data passes through them, and their headers in include/.
STAGES = {
    "base": "types bytes octets arena alert outcome text file memory hash",
    "capture": "capture",
    "packet": "packet",
    "stream": "stream",
    "flow": "flow",
    "tls": "tls",
    "smtp": "grammar machine session",
    "mail": "mail",
    "detect": "detectors",
    "rules": "rules",
    "record": "record",
    "view": "view",
    "options": "options",
    "analysis": "analysis",
    "run": "run",
}
# Which folders may include a library's headers.
LIBRARIES = {
    "pcap": "capture packet stream",
    "nids": "stream",
    "zlib": "capture",
    "archive": "capture mail",
    "openssl": "tls mail record run",
    "gmime": "mail",
    "gio": "mail",
    "magic": "mail",
    "ytnef": "mail",
    "cjson": "record view",
    "lua": "rules",
    "lauxlib": "rules",
    "lualib": "rules",
    "pcre2": "rules",
    "yara": "rules",
    "seccomp": "run",
}
# Allowed circles: encapsulations contain packets that contain encapsulations (DECODE_DEPTH_MAX).
CIRCLES = [
    {"packet/ethertype", "packet/guess", "packet/ip", "packet/link", "packet/tunnel", "packet/udp", "packet/wifi"},
    {"mail/binhex", "mail/inner", "mail/onenote", "mail/part", "mail/tnef", "mail/uu"},  # a part holds files, which are parts
]
# Generated headers.
MADE = {"config.h", "embedded.h"}
RANK = {stage: rank for rank, stage in enumerate(STAGES)}
OWNER = {header + ".h": stage for stage, headers in STAGES.items() for header in headers.split()}
# Hashes that a capture can aim at: those of base/hash are seeded.
UNSEEDED = re.compile(r"\bg_(?:str|int|int64|double|bytes|direct)_hash\b|\bg_hash_table_new(?:_full)?\(NULL")
# What a file defines: functions (attributes with arguments are removed first) and structs. Files that are compiled instead
# of others define the same.
ATTRIBUTE = re.compile(r"\b__attribute__\(\(.*?\)\)(?=\s)|\bG_GNUC_PRINTF\([^)]*\)")
FUNCTION = re.compile(r"^(?=[A-Za-z_])[^\n;{}=()]*?(?:\n\s*)?\b(\w+)\([^;{}]*\)\s*\{", re.M)
STRUCT = re.compile(r"^\s*(?:typedef |static |const )*(struct \w+) \{", re.M)
INSTEAD = re.compile(r"(?:^|[/_])none\.c$")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def sources(root):
    """sources - (path below root, stage or None) of all that is compiled into the core, and of all headers."""
    for folder in ["include"] + sorted("src/" + entry.name for entry in os.scandir(root + "/src") if entry.is_dir()):
        for name in sorted(os.listdir(os.path.join(root, folder))):
            if name.endswith((".c", ".h")):
                stage = OWNER.get(name) if folder == "include" else folder[len("src/"):]
                yield folder + "/" + name, stage if stage in RANK else None


def library_fault(header, stage):
    library = next((name for name in LIBRARIES if re.match(name + r"\d*\b|" + name + r"[/.]", header.lower())), None)
    return library is not None and stage not in LIBRARIES[library].split()


def include_fault(root, path, stage, kind, header):
    """include_fault - what is wrong with an #include line; None when nothing is."""
    if kind == "<":
        return "this library is not for its stage" if library_fault(header, stage) else None
    private = path.startswith("src/") and os.path.exists(os.path.join(root, os.path.dirname(path), header))
    if header in MADE or (private and "/" not in header):
        return None
    if header not in OWNER:
        return "neither of its folder nor in include/"
    return "of a later stage (%s)" % OWNER[header] if RANK[OWNER[header]] > RANK[stage] else None


def check_includes(root):
    for name in sorted(os.listdir(root + "/src")):
        if name.endswith((".c", ".h")) and name != "main.c":
            yield "src/%s: belongs into the folder of a stage" % name
    for path, stage in sources(root):
        if not stage:
            yield path + ": of no stage"
            continue
        with open(os.path.join(root, path), encoding="utf-8") as file:
            text = file.read()
        includes = INCLUDE.findall(text)
        if UNSEEDED.search(text):
            yield "%s: a hash without a seed (hash.h): %s" % (path, UNSEEDED.search(text).group())
        for kind, header in includes:
            fault = include_fault(root, path, stage, kind, header)
            if fault:
                yield "%s: %s: %s" % (path, header, fault)


def check_names(root):
    """check_names - a name that is defined in two files has two meanings, or is a twin."""
    places = collections.defaultdict(set)
    for path, _ in sources(root):
        if INSTEAD.search(path):
            continue
        with open(os.path.join(root, path), encoding="utf-8") as file:
            text = ATTRIBUTE.sub("", file.read())
        for name in FUNCTION.findall(text) + STRUCT.findall(text):
            places[name].add(path)
    for name, paths in sorted(places.items()):
        if len(paths) > 1:
            yield "%s: defined in %s" % (name, " and ".join(sorted(paths)))


def call_graph(archive):
    """call_graph - {file: {file: names that it takes from there}}; files as "stage/name"."""
    defined, wanted = {}, collections.defaultdict(set)
    lines = subprocess.run(["nm", "-A", archive], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    for line in lines:
        place, _, symbol = line.rpartition(".o:")
        file = re.sub(r"^.*[/:]", "", place)[: -len(".c")].replace("_", "/", 1)
        words = symbol.split()
        if words[-2] in "TDRBVWCG":
            defined.setdefault(words[-1], file)
        elif words[-2] == "U":
            wanted[file].add(words[-1])
    graph = {file: collections.defaultdict(set) for file in sorted(set(defined.values()) | set(wanted))}
    for file, names in wanted.items():
        for name in names:
            other = defined.get(name, file)
            if other != file:
                graph[file][other].add(name)
    return graph


def check_calls(graph):
    for file, others in graph.items():
        for other, names in sorted(others.items()):
            if RANK[other.split("/")[0]] > RANK[file.split("/")[0]]:
                yield "%s calls a later stage: %s: %s" % (file, other, ", ".join(sorted(names)))


def reach(graph, start):
    seen, todo = set(), [start]
    while todo:
        for other in graph[todo.pop()]:
            if other not in seen:
                seen.add(other)
                todo.append(other)
    return seen


def check_circles(graph):
    reached = {file: reach(graph, file) for file in graph}
    done = set()
    for file in graph:
        circle = {other for other in reached[file] if file in reached[other]}
        if circle and file not in done:
            done |= circle
            if circle not in CIRCLES:
                yield "these call each other in a circle: " + " ".join(sorted(circle))


def main():
    root, archive = sys.argv[1:]
    graph = call_graph(archive)
    faults = list(check_includes(root)) + list(check_names(root)) + list(check_calls(graph)) + list(check_circles(graph))
    if not graph:
        faults.append(archive + ": no symbols")
    print(*faults, "%d files, %d faults" % (len(graph), len(faults)), sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
