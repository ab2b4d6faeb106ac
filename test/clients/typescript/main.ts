// A client that openapi-typescript writes, used by openapi-fetch. Arguments: the server's address and a token.
import createClient from "openapi-fetch";
import type { paths } from "./generated/eom.js";

const [baseUrl, token] = process.argv.slice(2);
const eom = createClient<paths>({ baseUrl: baseUrl ?? "", headers: { authorization: `Bearer ${token}` } });

const created = await eom.POST("/eom/admin/quotas", {
  body: { name: "typescript", type: "MaxOrderTimes", value: { max_order_times: 5 } },
});
if (created.data === undefined) throw new Error(created.error.error_code);
const path = { QuotaId: created.data.id };
const read = await eom.GET("/eom/admin/quotas/{QuotaId}", { params: { path } });
const removed = await eom.DELETE("/eom/admin/quotas/{QuotaId}", { params: { path } });
const missing = await eom.GET("/eom/admin/quotas/{QuotaId}", { params: { path } });
console.log(read.data?.value.max_order_times, removed.response.status, missing.error?.error_code);
