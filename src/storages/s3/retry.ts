import type { S3ClientConfig } from "@aws-sdk/client-s3";

/** The options about retries, which the SDK would otherwise read from the environment. */
export type RetryConfig = Required<Pick<S3ClientConfig, "maxAttempts" | "retryMode">> &
  Pick<S3ClientConfig, "retryStrategy">;

type RetryStrategy = Extract<S3ClientConfig["retryStrategy"], { recordSuccess: unknown }>;

/** For long work: the SDK's own strategy, which backs off and respects Retry-After. */
export const patientRetry: RetryConfig = { maxAttempts: 3, retryMode: "standard" };

/**
 * For a probe, which has little time and should report a fault instead of waiting for its end. A request is sent once
 * more, at once, only when the first failure says nothing about the server:
 *
 * - the answer told the SDK the server's clock, so that it can sign the request for that time;
 * - the server had closed the connection before the request reached it.
 */
export const quickRetry: RetryConfig = { maxAttempts: 2, retryMode: "standard", retryStrategy: createQuickStrategy() };

function createQuickStrategy(): RetryStrategy {
  const createToken = (retries: number) => ({
    getRetryCount: () => retries,
    getRetryDelay: () => 0,
    getRetryCost: () => undefined,
  });
  return {
    acquireInitialRetryToken: async () => createToken(0),
    refreshRetryTokenForRetry: async (token, { error }) => {
      if (token.getRetryCount() === 0 && deservesSecondTry(error)) return createToken(1);
      // The SDK catches this error and throws the error of the request.
      throw new Error("No second try");
    },
    recordSuccess: () => {},
  };
}

function deservesSecondTry(error: unknown): boolean {
  const { code, $metadata } = error as { code?: unknown; $metadata?: { clockSkewCorrected?: unknown } };
  return $metadata?.clockSkewCorrected === true || code === "ECONNRESET" || code === "EPIPE";
}
