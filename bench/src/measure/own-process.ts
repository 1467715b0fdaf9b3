// Contests in processes of their own: none finds a heap or compiled code that another has left, and one can give up
// rights that the others need.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export interface OwnProcess {
  /** Compiled program; it answers by `answerRequest`. */
  readonly program: URL;
  /** Plain data. */
  readonly request: unknown;
  /** Variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Is told what the process is doing. */
  readonly note: (sentence: string) => void;
}

/** Runs a program with a request and returns its answer. */
export function inOwnProcess<Answer>({ program, request, env = {}, note }: OwnProcess): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [fileURLToPath(program), JSON.stringify(request)], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let printed = "";
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => {
      printed += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      for (const line of chunk.toString().trim().split("\n")) note(line);
    });
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(JSON.parse(printed) as Answer);
      else reject(new Error(`A contest ended with code ${code}:\n${said.slice(-2_000)}`));
    });
  });
}

/** Does in such a process what the request asks for. What it is doing goes to stderr, the answer to stdout. */
export async function answerRequest<Request>(
  answer: (request: Request, note: (sentence: string) => void) => Promise<unknown>,
): Promise<void> {
  const note = (sentence: string): void => void process.stderr.write(`${sentence}\n`);
  const request = JSON.parse(process.argv[2]!) as Request;
  process.stdout.write(JSON.stringify(await answer(request, note)));
}
