import { describe, expect, test } from "vitest";
import {
  descriptionField,
  instantField,
  labelsField,
  nameField,
  textField,
  timeZoneField,
} from "../../../src/platform/resource/fields.ts";

describe("a control character", () => {
  const controls = ["\u0007", "\u001b[31m", "\u007f", "\u0085", "\u009b"];

  test.each([...controls, "\n", "\t", "\r"])("is refused within names and values of labels: %j", (text) => {
    expect(nameField.safeParse(`a${text}b`).success).toBe(false);
    expect(labelsField.safeParse({ team: `a${text}` }).success).toBe(false);
  });

  test.each(controls)("is refused in free text: %j", (text) => {
    expect(textField.safeParse(`a${text}`).success).toBe(false);
    expect(descriptionField.safeParse(text).success).toBe(false);
  });

  test("is accepted in free text if it is a tab or breaks a line, and around names, where blanks are removed", () => {
    expect(descriptionField.parse("a\tb\r\nc\n")).toBe("a\tb\r\nc\n");
    expect(nameField.parse("\tscenes (東京 🛰)\n")).toBe("scenes (東京 🛰)");
  });

  test("does not make a long text slow", () => {
    expect(textField.safeParse("x".repeat(1_000_000)).success).toBe(false);
  });
});

describe("a time zone", () => {
  test.each(["UTC", "Europe/Berlin", "europe/berlin", "EST", "EST5EDT", "Etc/GMT+5", "America/Argentina/Buenos_Aires"])(
    "is accepted by its IANA name: %s",
    (zone) => expect(timeZoneField.parse(zone)).toBe(zone),
  );

  test.each([
    "PST",
    "IST",
    "BST",
    "JST",
    "ACT",
    "CST",
    "US/Pacific-New",
    "SystemV/PST8PDT",
    "Canada/East-Saskatchewan",
  ])("is refused when Intl knows it and Temporal does not: %s", (zone) => {
    expect(() => new Intl.DateTimeFormat("en", { timeZone: zone })).not.toThrow();
    expect(timeZoneField.safeParse(zone).success).toBe(false);
  });

  test.each(["", "Mars/Olympus", "+02:00", "2026-01-01T00:00Z[Europe/Berlin]", "Z", "Factory"])(
    "is refused when it is no name of a zone: %j",
    (zone) => expect(timeZoneField.safeParse(zone).success).toBe(false),
  );
});

describe("an instant", () => {
  test.each([
    ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"],
    ["0099-12-31T23:59:59.999+00:00", "0099-12-31T23:59:59.999Z"],
    ["9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"],
  ])("keeps its year: %s", (given, kept) => expect(instantField.parse(given).toISOString()).toBe(kept));

  test.each([
    "0001-01-01T00:00:00+00:01",
    "9999-12-31T23:59:59-00:01",
    "0000-06-01T00:00:00Z",
    "+010000-01-01T00:00:00Z",
  ])("is refused outside of the years 1 to 9999 in UTC: %s", (given) =>
    expect(instantField.safeParse(given).success).toBe(false),
  );
});
