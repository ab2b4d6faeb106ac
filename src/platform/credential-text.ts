interface Form {
  readonly odd: RegExp;
  readonly expected: string;
}

/** The forms of a credential, by where requests carry it. */
const forms = {
  /** A token, alone in a header or in an address. */
  token: { odd: /[^!-~]/u, expected: "visible ASCII characters only and no white space" },
  /** The whole value of a header, such as `Bearer abc`. */
  header: { odd: /^ |[^ -~]| $/u, expected: "visible ASCII characters only, with spaces between them at most" },
  /** A text in a body of JSON. */
  text: {
    odd: /^\s|[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|\s$/u,
    expected: "no white space at its ends and no invisible characters",
  },
} as const satisfies Record<string, Form>;

/** Around the whole text, or around the token of `Bearer "abc"`. */
const quoted = /^(?:[^ ]+ )?(["'`]).*\1$/;

/**
 * Finds what no service accepts in a credential as people paste it: a line break, a space, an invisible character, quotation
 * marks around it. Sent, it would come back as a refusal that blames the service.
 *
 * @returns a sentence's end without any part of the text, such as `must have …, but has U+000A at character 5`; or null
 */
export function findCredentialProblem(text: string, form: keyof typeof forms): string | null {
  const { odd, expected } = forms[form];
  if (odd.test(text)) return `must have ${expected}, but has ${describeOdd(text, odd)}`;
  return quoted.test(text) ? "must have no quotation marks around it" : null;
}

/** The code point alone: the text is secret, or a secret pasted into the wrong field. Example: `U+000A at character 5`. */
export function describeOdd(text: string, odd: RegExp): string {
  const index = text.search(odd);
  const code = text.codePointAt(index) ?? 0;
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")} at character ${index + 1}`;
}
