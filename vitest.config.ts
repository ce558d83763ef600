import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{core,http,adapters,edge,gpu-service,functions,cdk,scripts,web,test}/**/*.test.ts'],
    // The machine may be busy with other things; what hangs is still ended.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 30_000 } },
    // Two cores: more workers than that only make the native parts fight for them.
    maxWorkers: 2,
    // Native add-ons (onnxruntime, zvec, sharp) share one process safely only when it is a real one.
    pool: 'forks',
    coverage: {
      provider: 'v8',
      include: ['core/**/*.ts', 'http/**/*.ts', 'adapters/**/*.ts'],
      exclude: ['**/*.test.ts'],
      reporter: ['text-summary', 'json-summary'],
      thresholds: { lines: 90 },
    },
  },
});
