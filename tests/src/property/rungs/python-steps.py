# Takes the steps of a program with Python, as node-steps.mjs does: `python3 -I python-steps.py '{"id":…,"steps":[…]}'`.
import json
import os
import shutil
import stat
import sys
import time
import zlib


def look(found):
    kind = "link" if stat.S_ISLNK(found.st_mode) else "folder" if stat.S_ISDIR(found.st_mode) else f"file {found.st_size}"
    return f"{kind} {found.st_mode & 0o777:o}"


def read(path):
    with open(path, encoding="latin1") as file:
        return file.read()


def put(path, text, how):
    with open(path, how, encoding="latin1") as file:
        file.write(text)


def empty(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def rename(path, to):
    # On an overlay, a folder that was there before can be copied and not renamed; see the README.
    if os.path.islink(path) or not os.path.isdir(path):
        os.rename(path, to)


OPS = {
    "read": lambda path, step: read(path),
    "exists": lambda path, step: str(os.path.exists(path)),
    "stat": lambda path, step: look(os.stat(path)),
    "lstat": lambda path, step: look(os.lstat(path)),
    "list": lambda path, step: ",".join(sorted(os.listdir(path))),
    "readlink": lambda path, step: os.readlink(path),
    "write": lambda path, step: put(path, step["text"], "w"),
    "create": lambda path, step: put(path, step["text"], "x"),
    "append": lambda path, step: put(path, step["text"], "a"),
    "truncate": lambda path, step: os.truncate(path, step["bytes"]),
    "unlink": lambda path, step: os.unlink(path),
    "rmdir": lambda path, step: os.rmdir(path),
    "empty": lambda path, step: empty(path),
    "chmod": lambda path, step: os.chmod(path, step["mode"]),
    "mkdir": lambda path, step: os.makedirs(path) if step["recursive"] else os.mkdir(path, step.get("mode", 0o777)),
    "symlink": lambda path, step: os.symlink(step["target"], path),
    "rename": lambda path, step: rename(path, step["to"]),
    "copy": lambda path, step: shutil.copy(path, step["to"]),
}


def mixed(text):
    return f"{zlib.crc32(text.encode()):08x}"


def main():
    program = json.loads(sys.argv[1])
    so = program["id"]
    time.sleep(program["delayMs"] / 1000)
    for step in program["steps"]:
        if step["op"] == "fail":
            if zlib.crc32(so.encode()) % step["every"] == 0:
                sys.exit(3)
            continue
        if "text" in step and step["text"] is None:
            step["text"] = so
        try:
            came = OPS[step["op"]](step["path"] or ".", step) or ""
        except OSError as error:
            came = f"error {error.errno}"
        so = mixed(f"{so} {step['op']} {came}")
    print(so)


main()
