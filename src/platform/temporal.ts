/** Adds `Temporal` to a Node that lacks it, which is any below 26. Modules that use it must be imported afterwards. */
export async function provideTemporal(): Promise<void> {
  if (!("Temporal" in globalThis)) await import("temporal-polyfill/global");
}
