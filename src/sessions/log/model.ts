import { maxOutputBytes } from "../../engines/engine.ts";
import { idField, timeField } from "../../platform/resource/fields.ts";
import { z } from "../../platform/resource/schema.ts";

export const sessionLogSchema = z
  .object({
    session_id: idField,
    attempt: z.int().openapi({ description: "The attempt that wrote it." }),
    text: z.string().openapi({
      description: `The last ${maxOutputBytes} bytes that the run wrote, or all of it; empty also when its engine does not tell.`,
    }),
    is_truncated: z.boolean().openapi({ description: "The run wrote more than the text holds." }),
    is_final: z.boolean().openapi({ description: "This attempt will write no more." }),
    at: timeField.nullable().openapi({ description: "How old the text is; null before there is any." }),
  })
  .openapi("SessionLog");

export type SessionLog = z.infer<typeof sessionLogSchema>;
