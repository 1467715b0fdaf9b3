// Does things with an open file, by its FileHandle or by its descriptor.
import fs from "node:fs";
import type { FileHandle } from "node:fs/promises";
import type { HandleCall } from "./calls.ts";

type Use = (file: FileHandle, args: readonly unknown[]) => unknown;
type UseDescriptor = (fd: number, args: readonly unknown[]) => unknown;

const ROOM = 8;

// A stream that leaves its file open never closes, which is what others wait for.
const written = (stream: NodeJS.WritableStream, text: unknown): Promise<void> =>
  new Promise((resolve, reject) => {
    stream.on("error", reject).end(text as string, () => resolve());
  });

const read = (stream: NodeJS.ReadableStream): Promise<string> =>
  new Promise((resolve, reject) => {
    let all = "";
    stream
      .on("error", reject)
      .on("data", (chunk) => (all += String(chunk)))
      .on("end", () => resolve(all));
  });

const buffersOf = (texts: unknown): readonly Buffer[] =>
  (texts as readonly string[]).map((each) => Buffer.from(each));

const BY_HANDLE: Readonly<Record<string, Use>> = {
  read: async (file) => (await file.read(Buffer.alloc(ROOM), 0, ROOM)).buffer,
  readv: async (file) => (await file.readv([Buffer.alloc(ROOM)])).buffers[0],
  readFile: (file) => file.readFile(),
  stat: (file) => file.stat(),
  write: async (file, [text, at]) => (await file.write(String(text), at as number | undefined)).bytesWritten,
  writev: async (file, [texts]) => (await file.writev(buffersOf(texts))).bytesWritten,
  writeFile: (file, [text]) => file.writeFile(String(text)),
  appendFile: (file, [text]) => file.appendFile(String(text)),
  truncate: (file, [size]) => file.truncate(size as number),
  chmod: (file, [mode]) => file.chmod(mode as number),
  utimes: (file) => file.utimes(1, 1),
  sync: (file) => file.sync(),
  readStream: (file) => read(file.createReadStream()),
  writeStream: (file, [text]) => written(file.createWriteStream(), text),
};

const BY_DESCRIPTOR: Readonly<Record<string, UseDescriptor>> = {
  read(fd) {
    const bytes = Buffer.alloc(ROOM);
    fs.readSync(fd, bytes, 0, ROOM, null);
    return bytes;
  },
  readv(fd) {
    const bytes = Buffer.alloc(ROOM);
    fs.readvSync(fd, [bytes]);
    return bytes;
  },
  readFile: (fd) => fs.readFileSync(fd),
  stat: (fd) => fs.fstatSync(fd),
  write: (fd, [text, at]) => fs.writeSync(fd, String(text), at as number | undefined),
  writev: (fd, [texts]) => fs.writevSync(fd, buffersOf(texts)),
  writeFile: (fd, [text]) => fs.writeFileSync(fd, String(text)),
  appendFile: (fd, [text]) => fs.appendFileSync(fd, String(text)),
  truncate: (fd, [size]) => fs.ftruncateSync(fd, size as number),
  chmod: (fd, [mode]) => fs.fchmodSync(fd, mode as number),
  utimes: (fd) => fs.futimesSync(fd, 1, 1),
  sync: (fd) => fs.fsyncSync(fd),
  readStream: (fd) => read(fs.createReadStream("", { fd, autoClose: false })),
  writeStream: (fd, [text]) => written(fs.createWriteStream("", { fd, autoClose: false }), text),
};

async function tried(act: () => unknown, say: (value: unknown) => string): Promise<string> {
  try {
    return say(await act());
  } catch (error) {
    const { code, name } = error as NodeJS.ErrnoException;
    return `error ${code ?? name}`;
  }
}

/** Does these things with a file that was opened, and closes it. */
export async function useHandle(
  file: unknown,
  calls: readonly HandleCall[],
  say: (value: unknown) => string,
): Promise<string> {
  const said: string[] = [];
  try {
    for (const { name, args } of calls) {
      const act =
        typeof file === "number"
          ? () => BY_DESCRIPTOR[name]!(file, args)
          : () => BY_HANDLE[name]!(file as FileHandle, args);
      said.push(await tried(act, say));
    }
  } finally {
    if (typeof file === "number") fs.closeSync(file);
    else await (file as FileHandle).close();
  }
  return said.join(";");
}
