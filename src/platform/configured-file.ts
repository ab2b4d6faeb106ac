import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { findErrorCode } from "./error-code.ts";

const defaultMaxBytes = 1024 * 1024;

/** A file that the configuration names cannot be read. `reason` goes on after its path: `cannot be read (EACCES)`. */
export class UnreadableFile extends Error {
  readonly reason: string;
  /** As the operating system has it; null when the file is not a regular one, or is too large. */
  readonly code: string | null;

  constructor(path: string, reason: string, code: string | null, cause?: unknown) {
    super(`${path} ${reason}`, { cause });
    this.name = "UnreadableFile";
    this.reason = reason;
    this.code = code;
  }
}

/**
 * Reads a file that the configuration names: a key, a certificate, a token, the jobs. Only regular files are read, because a FIFO or
 * a device may have no end. The file is opened without waiting for the writer of a FIFO.
 *
 * @param maxBytes 1 MiB by default
 * @throws UnreadableFile
 */
export function readConfiguredFile(
  path: string,
  maxBytes: number = defaultMaxBytes,
): { readonly content: Buffer; readonly stats: Stats } {
  const file = open(path);
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw new UnreadableFile(path, "is no regular file", null);
    const content = Buffer.alloc(maxBytes + 1);
    const length = readFull(file, content);
    if (length > maxBytes) throw new UnreadableFile(path, `is larger than ${maxBytes} bytes`, null);
    return { content: content.subarray(0, length), stats };
  } catch (error) {
    throw toUnreadable(path, error);
  } finally {
    closeSync(file);
  }
}

function open(path: string): number {
  try {
    // Windows has neither FIFOs at paths nor the flag.
    return openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw toUnreadable(path, error);
  }
}

/** @returns the number of bytes read, at most the length of `content` */
function readFull(file: number, content: Buffer): number {
  let length = 0;
  while (length < content.length) {
    const read = readSync(file, content, length, content.length - length, null);
    if (read === 0) break;
    length += read;
  }
  return length;
}

function toUnreadable(path: string, error: unknown): UnreadableFile {
  if (error instanceof UnreadableFile) return error;
  const code = findErrorCode(error);
  return new UnreadableFile(path, `cannot be read (${code})`, code, error);
}
