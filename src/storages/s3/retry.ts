import type { S3ClientConfig } from "@aws-sdk/client-s3";

/** All that the SDK would otherwise take from the environment. */
export type RetryConfig = Required<Pick<S3ClientConfig, "maxAttempts" | "retryMode">> &
  Pick<S3ClientConfig, "retryStrategy">;

type RetryStrategy = Extract<S3ClientConfig["retryStrategy"], { recordSuccess: unknown }>;

/** For long work: the SDK's own, which backs off, and heeds Retry-After. */
export const patientRetry: RetryConfig = { maxAttempts: 3, retryMode: "standard" };

/**
 * For a proof, which has little time and is to tell what is wrong rather than to get through: a second try at once, when
 * the first says nothing about the server. Those are that the SDK has learnt the server's clock from the answer and can
 * sign again, and that the server had closed the connection that the request went into.
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
      if (token.getRetryCount() === 0 && isWorthAnother(error)) return createToken(1);
      // The SDK takes it as "no", and throws the error of the request.
      throw new Error("No second try");
    },
    recordSuccess: () => {},
  };
}

function isWorthAnother(error: unknown): boolean {
  const { code, $metadata } = error as { code?: unknown; $metadata?: { clockSkewCorrected?: unknown } };
  return $metadata?.clockSkewCorrected === true || code === "ECONNRESET" || code === "EPIPE";
}
