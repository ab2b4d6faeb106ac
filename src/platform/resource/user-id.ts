import { z } from "./schema.ts";

/** In code points, as the database counts them. */
const maxLength = 255;

/**
 * Why a text is no user's id, in words that go on after its path; null if it is one. The platform knows the users, EOM does
 * not: any printable text is an id, but for texts that would not come back as they were sent. `.` and `..` vanish from a URL
 * (WHATWG URL, 4.4, also as `%2e`), and the embedded database loses a leading U+FEFF.
 */
function findProblem(text: string): string | null {
  const length = [...text].length;
  if (length === 0) return `must have 1 to ${maxLength} characters, but is empty`;
  if (length > maxLength) return `must have at most ${maxLength} characters`;
  if (/[\p{Cc}\p{Cs}]/u.test(text)) return "must have printable characters only";
  if (text === "." || text === "..") return `must not be ${text}, which no URL can name`;
  return text.startsWith("\ufeff") ? "must not begin with U+FEFF, a byte order mark" : null;
}

/** Whether a text can be a user's id, wherever it comes from. */
export function isUserId(text: string): boolean {
  return findProblem(text) === null;
}

const control = "\\u0000-\\u001f\\u007f-\\u009f";

/** A user's id in a path or a body. */
export const userIdField = z
  .string()
  .superRefine((text, context) => {
    const problem = findProblem(text);
    if (problem !== null) context.addIssue({ code: "custom", message: problem });
  })
  .openapi({
    minLength: 1,
    maxLength,
    // The same rule for regular expressions without Unicode properties and without looking ahead, such as Go's.
    pattern: `^([^.\\ufeff${control}]|\\.[^.${control}]|\\.\\.[^${control}])[^${control}]*$`,
    description: "The user's id on the platform, in any printable characters; in a path, percent-encoded.",
    example: "user123",
  });
