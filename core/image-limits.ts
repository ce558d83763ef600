/** Larger pictures are refused: by their size on disk unread, by their pixels before decoding. */
export const imageLimits = { bytes: 50_000_000, pixels: 100_000_000 } as const;
