import { openAuthenticator } from "../access/authenticate.ts";
import { beside, createGatewayAuthenticator } from "../access/gateway.ts";
import { createOidcAuthenticator } from "../access/oidc.ts";
import { createRoleNames } from "../access/roles.ts";
import { type Clock, systemMonotonic } from "../platform/clock.ts";
import type { Config } from "../platform/config/config.ts";
import type { Logger } from "../platform/log.ts";
import type { Authenticator } from "../platform/resource/caller.ts";

/** The authenticator that EOM_AUTH names; EOM tokens also work beside OIDC and a gateway. */
export function createAuthenticator(config: Config, tokens: Authenticator, clock: Clock, log: Logger): Authenticator {
  const roles = createRoleNames(config.EOM_ROLES);
  switch (config.EOM_AUTH) {
    case "none":
      return openAuthenticator;
    case "token":
      return tokens;
    case "oidc": {
      const { EOM_OIDC_ISSUER, EOM_OIDC_AUDIENCE, EOM_OIDC_ROLES_CLAIM, EOM_OIDC_SUBJECT_CLAIM } = config;
      const oidc = createOidcAuthenticator({
        issuer: EOM_OIDC_ISSUER ?? "",
        audience: EOM_OIDC_AUDIENCE ?? "",
        rolesClaim: EOM_OIDC_ROLES_CLAIM,
        subjectClaim: EOM_OIDC_SUBJECT_CLAIM,
        roles,
        log,
        clock,
        monotonic: systemMonotonic,
      });
      return beside(tokens, oidc);
    }
    case "gateway": {
      const { EOM_GATEWAY_USER_HEADER: userHeader, EOM_GATEWAY_ROLE_HEADER: roleHeader } = config;
      const gateway = createGatewayAuthenticator({ cidrs: config.EOM_GATEWAY_CIDRS, userHeader, roleHeader, roles });
      return beside(tokens, gateway);
    }
    default:
      return config.EOM_AUTH satisfies never;
  }
}
