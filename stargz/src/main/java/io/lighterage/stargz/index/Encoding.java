package io.lighterage.stargz.index;

/// How a blob holds the chunks of its files.
public enum Encoding {
    /// In the middle of one compressed stream, or as plain bytes: a chunk cannot be had alone.
    NONE(0),
    /// In gzip members that begin at known offsets (eStargz).
    GZIP_MEMBERS(1),
    /// In zstd frames that begin at known offsets (zstd:chunked).
    ZSTD_FRAMES(2);

    private final int code;

    Encoding(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }
}
