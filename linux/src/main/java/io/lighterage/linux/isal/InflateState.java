package io.lighterage.linux.isal;

/// Offsets in ISA-L's `struct inflate_state` (`igzip_lib.h`), byte for byte the same from version 2.30 to 2.32 on
/// x86_64 and aarch64.
///
/// | offset | type | field |
/// |---|---|---|
/// | 0 | pointer | `next_out` |
/// | 8 | u32 | `avail_out` |
/// | 16 | pointer | `next_in` |
/// | 32 | u32 | `avail_in` |
/// | 36 | s32 | `read_in_length`: bits taken from the input and not decoded yet |
/// | 21160 | enum | `block_state` |
/// | 21172 | u32 | `crc_flag` |
/// | 21206 | s16 | `tmp_in_size` |
/// | 21208 | s32 | `tmp_out_valid` |
final class InflateState {
    static final long NEXT_OUT = 0;
    static final long AVAIL_OUT = 8;
    static final long NEXT_IN = 16;
    static final long AVAIL_IN = 32;
    static final long READ_IN_LENGTH = 36;
    static final long BLOCK_STATE = 21160;
    static final long CRC_FLAG = 21172;
    static final long TMP_IN_SIZE = 21206;
    static final long TMP_OUT_VALID = 21208;

    /// What the structure takes in the versions we know.
    static final long SIZE = 87_368;

    /// What we allocate: a version that needs more than it should is caught by [IsalLibrary] before it does harm.
    static final long ROOM = 128 << 10;

    /// `block_state` once everything is decoded, written out and checked.
    static final int ISAL_BLOCK_FINISH = 5;

    /// `crc_flag`: a bare deflate stream.
    static final int ISAL_DEFLATE = 0;

    /// `crc_flag`: deflate and a gzip trailer, whose CRC-32 and length are compared with the output.
    static final int ISAL_GZIP_NO_HDR_VER = 6;

    private InflateState() {}

    /// The library's error code in words.
    static String meaning(int code) {
        return switch (code) {
            case -1 -> "an invalid block";
            case -2 -> "an invalid symbol";
            case -3 -> "a distance that points before the beginning";
            case -4 -> "an invalid wrapper";
            case -5 -> "an unsupported compression method";
            case -6 -> "a checksum or length in the trailer that is not the data's";
            default -> "an unknown fault";
        };
    }
}
