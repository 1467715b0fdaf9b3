// Random statements of Python over few paths.
import fc from "fast-check";
import { text } from "./trees.ts";

/** P, Q: paths as literals; M: a mode; T: a text as a literal. */
const STATEMENTS: readonly string[] = [
  ...["print(open(P).read())", "open(P, 'w').write(T)", "open(P, 'a').write(T)", "open(P, 'x').write(T)"],
  ...[
    "open(P, 'r+').write(T)",
    "open(P, 'a+').write(T)",
    "open(P, 'w+').write(T)",
    "print(os.path.exists(P))",
  ],
  ...[
    "print(os.path.isfile(P), os.path.isdir(P), os.path.islink(P))",
    "print(os.path.isfile(P) and os.path.getsize(P))",
  ],
  ...["print(sorted(os.listdir(P)))", "print(sorted(e.name for e in os.scandir(P) if e.is_file()))"],
  ...["print(sorted((e.name, e.is_dir(), e.is_symlink()) for e in os.scandir(P)))", "print(os.readlink(P))"],
  ...["print(sorted((e.name, e.stat().st_mode) for e in os.scandir(P)))", "print(oct(os.stat(P).st_mode))"],
  ...["print(oct(os.lstat(P).st_mode))", "print(sorted(f for _, _, n in os.walk(P) for f in n))"],
  ...[
    "os.mkdir(P)",
    "os.mkdir(P, M)",
    "os.makedirs(P, exist_ok=True)",
    "os.makedirs(P + '/x/y')",
    "os.rmdir(P)",
  ],
  ...[
    "os.removedirs(P)",
    "os.remove(P)",
    "os.unlink(P)",
    "os.rename(P, Q)",
    "os.replace(P, Q)",
    "os.renames(P, Q)",
  ],
  ...[
    "os.link(P, Q)",
    "os.symlink(P, Q)",
    "os.chmod(P, M)",
    "os.truncate(P, 2)",
    "os.utime(P)",
    "os.mkfifo(P); os.remove(P)",
  ],
  ...[
    "print(os.access(P, os.X_OK), os.access(P, os.F_OK))",
    "print(os.path.samefile(P, Q))",
    "os.rmdir(P); os.mkdir(P)",
  ],
  ...[
    "os.close(os.open(P, os.O_CREAT | os.O_EXCL | os.O_WRONLY, M))",
    "os.close(os.open(P, os.O_CREAT | os.O_RDWR, M))",
  ],
  ...[
    "os.write(os.open(P, os.O_WRONLY | os.O_TRUNC), b'x')",
    "os.write(os.open(P, os.O_RDWR | os.O_APPEND), b'x')",
  ],
  ...[
    "os.write(os.open(P, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, M), b'x')",
    "os.open(P, os.O_RDONLY | os.O_NOFOLLOW)",
  ],
  ...["os.write(os.open(P, os.O_WRONLY | os.O_CREAT, M), b'x')", "os.open(P, os.O_RDONLY | os.O_DIRECTORY)"],
  ...["os.write(os.open(P, os.O_WRONLY | os.O_APPEND | os.O_CREAT, M), b'x')", "os.open(P, os.O_PATH)"],
  ...[
    "os.write(os.open('a', os.O_WRONLY, dir_fd=os.open(P, os.O_RDONLY)), b'x')",
    "os.open(P, os.O_CREAT | os.O_TRUNC)",
  ],
  ...["f = os.open(P, os.O_RDONLY); os.fchmod(f, M)", "f = os.open(P, os.O_RDWR); os.ftruncate(f, 1)"],
  ...[
    "f = os.open(P, os.O_RDONLY); print(sorted(os.listdir(f)))",
    "os.fchdir(os.open(P, os.O_RDONLY)); print(sorted(os.listdir()))",
  ],
  ...[
    "os.chdir(P); open('a', 'w').write(T)",
    "os.chdir(P); print(sorted(os.listdir('.')))",
    "os.mkdir(P); os.rmdir(P)",
  ],
  ...[
    "os.chdir(P); os.rename('a', 'z')",
    "os.umask(0o77); open(P, 'w').write(T)",
    "os.umask(0o77); os.makedirs(P)",
  ],
  ...["print(pathlib.Path(P).read_text())", "pathlib.Path(P).write_text(T)", "pathlib.Path(P).touch()"],
  ...["pathlib.Path(P).touch(M, exist_ok=False)", "pathlib.Path(P).mkdir(parents=True, exist_ok=True)"],
  ...["pathlib.Path(P).unlink(missing_ok=True)", "print(sorted(map(str, pathlib.Path(P).glob('*'))))"],
  ...[
    "print(sorted(map(str, pathlib.Path('.').rglob('a'))))",
    "print(pathlib.Path(P).is_dir())",
    "pathlib.Path(P).replace(Q)",
  ],
  ...[
    "print(sorted(map(str, pathlib.Path(P).iterdir())))",
    "pathlib.Path(P).symlink_to(Q)",
    "print(pathlib.Path(P).exists())",
  ],
  ...["print(os.path.realpath(P))", "print(pathlib.Path(P).resolve())", "print(sorted(glob.glob('*/a')))"],
  ...[
    "print(sorted(glob.glob('**', recursive=True)))",
    "print(sorted(glob.glob(P + '*')))",
    "print(glob.glob('d/*.x'))",
  ],
  ...[
    "shutil.copy(P, Q)",
    "shutil.copy2(P, Q)",
    "shutil.copyfile(P, Q)",
    "shutil.copymode(P, Q)",
    "shutil.move(P, Q)",
  ],
  ...[
    "shutil.copytree(P, Q)",
    "shutil.copytree(P, Q, dirs_exist_ok=True)",
    "shutil.copytree(P, Q, symlinks=True)",
  ],
  ...[
    "shutil.rmtree(P)",
    "shutil.rmtree(P, ignore_errors=True)",
    "shutil.rmtree(P); os.mkdir(P)",
    "print(shutil.which('a', path=P))",
  ],
  ...[
    "shutil.copystat(P, Q)",
    "tempfile.TemporaryFile(dir=P).write(b'x')",
    "tempfile.NamedTemporaryFile(dir=P).write(b'x')",
  ],
  ...["d = tempfile.mkdtemp(dir='.'); os.rename(P, d + '/p'); os.rename(d + '/p', Q); os.rmdir(d)"],
  ...[
    "f, n = tempfile.mkstemp(dir='.'); os.write(f, T.encode()); os.replace(n, P)",
    "print(filecmp.cmp(P, Q, shallow=False))",
  ],
  ...["f, n = tempfile.mkstemp(dir='.'); shutil.copymode(P, n); os.replace(n, P)", "os.statvfs(P); print(1)"],
  ...[
    "print(os.listxattr(P))",
    "print(os.pathconf(P, 'PC_NAME_MAX'))",
    "os.setxattr(P, 'user.x', b'1'); print(1)",
  ],
  ...["for l in fileinput.input(P, inplace=True): print(l.upper(), end='')", "exec(open(P).read())"],
  ...["os.posix_spawn('/bin/cat', ['cat', P], {}); os.wait()", "os.system('cat ' + P)", "os.chown(P, 0, 0)"],
  ...[
    "m = mmap.mmap(os.open(P, os.O_RDWR), 0); m[0:1] = b'z'",
    "os.sendfile(os.open(Q, os.O_WRONLY), os.open(P, os.O_RDONLY), 0, 9)",
  ],
  ...[
    "os.copy_file_range(os.open(P, os.O_RDONLY), os.open(Q, os.O_WRONLY), 9)",
    "os.truncate(os.open(P, os.O_RDWR), 3)",
  ],
];

const literal = (arbitrary: fc.Arbitrary<string>) => arbitrary.map((each) => JSON.stringify(each));
const statement = (path: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.constantFrom(...STATEMENTS),
      fc.record({
        ...{ P: literal(path), Q: literal(path), T: literal(text) },
        M: fc.constantFrom("0o644", "0o600", "0o755"),
      }),
    )
    .map(([each, given]) => each.replace(/\b[PQMT]\b/g, (name) => given[name as keyof typeof given]));

/** Not the first in PATH: that may be a script. */
const PYTHON = "/usr/bin/python3";
/** Names of temporary files are the same each time. */
const BEGIN =
  "import os, shutil, glob, tempfile, pathlib, filecmp, fileinput, mmap\ntempfile._name_sequence = iter('uvwxyz')";

const quoted = (script: string): string => `'${script.replaceAll("'", "'\\''")}'`;

/** A command that runs a few statements, each of which may fail. */
export const pythonCommand = (path: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(statement(path), { minLength: 1, maxLength: 3 }).map((statements) => {
    const tried = statements.map((each) => {
      const body = each.startsWith("for ")
        ? `  ${each}`
        : each
            .split("; ")
            .map((one) => `  ${one}`)
            .join("\n");
      return `try:\n${body}\nexcept OSError as e: print(type(e).__name__, e.errno)\nexcept Exception as e: print(type(e).__name__)`;
    });
    return `${PYTHON} -I -S -B -c ${quoted([BEGIN, ...tried].join("\n"))}`;
  });
