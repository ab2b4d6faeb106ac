import { maxOutputBytes } from "../../engines/engine.ts";
import { idField, timeField } from "../../platform/resource/fields.ts";
import { z } from "../../platform/resource/schema.ts";

export const sessionLogSchema = z
  .object({
    session_id: idField.describe("The session whose run wrote the text."),
    attempt: z.int().openapi({ description: "The attempt that wrote the text." }),
    text: z.string().openapi({
      description: `The last ${maxOutputBytes} bytes of the run's output, or all of it. Empty if the engine does not report output.`,
    }),
    is_truncated: z.boolean().openapi({ description: "Whether the run wrote more than `text` contains." }),
    is_final: z.boolean().openapi({ description: "Whether this attempt has ended, so that the text will not grow." }),
    at: timeField.nullable().openapi({ description: "When the text was read from the run; null before there is any." }),
  })
  .openapi("SessionLog", { description: "The end of the output of a session's run." });

/** The log of a session as the API shows it. */
export type SessionLog = z.infer<typeof sessionLogSchema>;
