package io.lighterage.stargz.tar;

import static io.lighterage.stargz.tar.TarFormat.BLOCK;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.RawName;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.TreeMap;

/// Turns an entry into its header blocks: a ustar header, and before it an extended header if the entry needs one.
/// The same entry gives the same bytes, always. Owned by one thread.
public final class TarEncoder {
    private static final long MAX_OCTAL_7 = (1L << 21) - 1;
    private static final long MAX_OCTAL_11 = (1L << 33) - 1;
    private static final String EXTENDED_NAME = "PaxHeaders.0/";

    private final TreeMap<RawName, RawName> records = new TreeMap<>();
    private byte[] block = new byte[BLOCK];

    /// @return whole blocks, ready to be read
    /// @throws ImageException INVALID when tar cannot hold the entry, as [TarWriter#begin] lists
    public ByteBuffer header(TarEntry entry) {
        requireWritable(entry);
        records.clear();
        byte[] main = mainBlock(entry);
        if (records.isEmpty()) {
            return ByteBuffer.wrap(main);
        }
        byte[] payload = payload(entry);
        int padded = payload.length + TarPayload.padding(payload.length);
        ByteBuffer all = ByteBuffer.allocate(BLOCK + padded + BLOCK);
        all.put(extendedBlock(entry.name(), payload.length)).put(payload);
        return all.position(BLOCK + padded).put(main).flip();
    }

    private static void requireWritable(TarEntry entry) {
        if (!entry.sparse().isEmpty()) {
            throw refused(entry, "it is sparse", "a dense file; write its holes as zeros");
        }
        if (entry.deviceMajor() > MAX_OCTAL_7 || entry.deviceMinor() > MAX_OCTAL_7) {
            throw refused(
                    entry,
                    "its device number is " + entry.deviceMajor() + ":" + entry.deviceMinor(),
                    "parts of at most " + MAX_OCTAL_7);
        }
        for (RawName name : entry.xattrs().keySet()) {
            byte[] bytes = name.toBytes();
            for (byte b : bytes) {
                if (b == '=' || b == 0) {
                    throw refused(
                            entry,
                            "its extended attribute is called " + TarHeader.shown(name),
                            "a name without '=' and NUL");
                }
            }
        }
    }

    private static ImageException refused(TarEntry entry, String happened, String expected) {
        return new ImageException(
                ErrorKind.INVALID,
                "writing the tar entry " + TarHeader.shown(entry.name()) + ": " + happened + "; expected " + expected);
    }

    private byte[] mainBlock(TarEntry entry) {
        block = new byte[BLOCK];
        putName(entry.name());
        octal(TarFormat.MODE, 8, entry.mode());
        octal(TarFormat.UID, 8, orRecord("uid", entry.uid(), MAX_OCTAL_7));
        octal(TarFormat.GID, 8, orRecord("gid", entry.gid(), MAX_OCTAL_7));
        boolean regular = entry.type() == TarEntry.Type.REGULAR;
        octal(TarFormat.SIZE, 12, orRecord("size", regular ? entry.size() : 0, MAX_OCTAL_11));
        putTime(entry.modifySeconds(), entry.modifyNanos());
        putLinkName(entry.linkName());
        entry.xattrs().forEach((name, value) -> records.put(xattrKey(name), value));
        octal(TarFormat.DEVICE_MAJOR, 8, entry.deviceMajor());
        octal(TarFormat.DEVICE_MINOR, 8, entry.deviceMinor());
        return seal(typeFlag(entry.type()));
    }

    private byte[] extendedBlock(RawName of, int size) {
        block = new byte[BLOCK];
        String path = of.toString();
        String base = path.substring(path.lastIndexOf('/', path.length() - 2) + 1);
        String name = EXTENDED_NAME + ascii(base);
        putText(TarFormat.NAME, TarFormat.NAME_LENGTH, name);
        octal(TarFormat.MODE, 8, 0644);
        octal(TarFormat.UID, 8, 0);
        octal(TarFormat.GID, 8, 0);
        octal(TarFormat.SIZE, 12, size);
        octal(TarFormat.MTIME, 12, 0);
        octal(TarFormat.DEVICE_MAJOR, 8, 0);
        octal(TarFormat.DEVICE_MINOR, 8, 0);
        return seal(TarFormat.TYPE_PAX);
    }

    private byte[] seal(byte type) {
        block[TarFormat.TYPE] = type;
        putText(TarFormat.MAGIC, 8, "ustar\00000");
        Arrays.fill(block, TarFormat.CHECKSUM, TarFormat.CHECKSUM + 8, (byte) ' ');
        int sum = 0;
        for (byte b : block) {
            sum += b & 0xff;
        }
        octal(TarFormat.CHECKSUM, 7, sum);
        return block;
    }

    private static byte typeFlag(TarEntry.Type type) {
        return switch (type) {
            case REGULAR -> TarFormat.TYPE_REGULAR;
            case HARD_LINK -> TarFormat.TYPE_HARD_LINK;
            case SYMLINK -> TarFormat.TYPE_SYMLINK;
            case CHARACTER_DEVICE -> TarFormat.TYPE_CHARACTER;
            case BLOCK_DEVICE -> TarFormat.TYPE_BLOCK;
            case DIRECTORY -> TarFormat.TYPE_DIRECTORY;
            case FIFO -> TarFormat.TYPE_FIFO;
        };
    }

    private void putName(RawName name) {
        byte[] bytes = name.toBytes();
        int slash = isAscii(bytes) ? split(bytes) : -1;
        if (slash >= 0) {
            System.arraycopy(bytes, 0, block, TarFormat.PREFIX, slash);
            System.arraycopy(bytes, slash + 1, block, TarFormat.NAME, bytes.length - slash - 1);
        } else if (bytes.length <= TarFormat.NAME_LENGTH && isAscii(bytes)) {
            System.arraycopy(bytes, 0, block, TarFormat.NAME, bytes.length);
        } else {
            records.put(RawName.of("path"), name);
            putText(TarFormat.NAME, TarFormat.NAME_LENGTH, ascii(name.toString()));
        }
    }

    /// Where a name too long for its field can be cut in two at a slash, or -1 when it need not or cannot be.
    private static int split(byte[] name) {
        if (name.length <= TarFormat.NAME_LENGTH) {
            return -1;
        }
        for (int i = Math.max(1, name.length - 1 - TarFormat.NAME_LENGTH);
                i <= TarFormat.PREFIX_LENGTH && i < name.length - 1;
                i++) {
            if (name[i] == '/') {
                return i;
            }
        }
        return -1;
    }

    private void putLinkName(RawName name) {
        byte[] bytes = name.toBytes();
        if (bytes.length <= TarFormat.NAME_LENGTH && isAscii(bytes)) {
            System.arraycopy(bytes, 0, block, TarFormat.LINK_NAME, bytes.length);
        } else {
            records.put(RawName.of("linkpath"), name);
            putText(TarFormat.LINK_NAME, TarFormat.NAME_LENGTH, ascii(name.toString()));
        }
    }

    private void putTime(long seconds, int nanos) {
        boolean fits = seconds >= 0 && seconds <= MAX_OCTAL_11;
        octal(TarFormat.MTIME, 12, fits ? seconds : 0);
        if (!fits || nanos != 0) {
            records.put(RawName.of("mtime"), RawName.of(decimal(seconds, nanos)));
        }
    }

    /// Seconds with the fraction's digits up to the last that is not zero; `(-2, 500_000_000)` is `-1.5`.
    static String decimal(long seconds, int nanos) {
        if (nanos == 0) {
            return Long.toString(seconds);
        }
        boolean negative = seconds < 0;
        long whole = negative ? -(seconds + 1) : seconds;
        int fraction = negative ? 1_000_000_000 - nanos : nanos;
        String digits = Integer.toString(1_000_000_000 + fraction).substring(1);
        int end = digits.length();
        while (digits.charAt(end - 1) == '0') {
            end--;
        }
        return (negative ? "-" : "") + whole + "." + digits.substring(0, end);
    }

    /// The value for the field: itself, or 0 after it was put into a record because it is too large.
    private long orRecord(String key, long value, long max) {
        if (value >= 0 && value <= max) {
            return value;
        }
        records.put(RawName.of(key), RawName.of(Long.toString(value)));
        return 0;
    }

    private static RawName xattrKey(RawName name) {
        byte[] prefix = "SCHILY.xattr.".getBytes(StandardCharsets.US_ASCII);
        byte[] key = Arrays.copyOf(prefix, prefix.length + name.length());
        name.copyTo(key, prefix.length);
        return RawName.of(key);
    }

    private byte[] payload(TarEntry entry) {
        long total = 0;
        for (var record : records.entrySet()) {
            total += recordLength(record.getKey(), record.getValue());
        }
        if (total > TarFormat.MAX_EXTENDED_HEADER) {
            throw refused(
                    entry,
                    "its names and attributes take " + total + " bytes",
                    "at most " + TarFormat.MAX_EXTENDED_HEADER);
        }
        ByteBuffer out = ByteBuffer.allocate((int) total);
        records.forEach((key, value) -> {
            out.put((recordLength(key, value) + " ").getBytes(StandardCharsets.US_ASCII));
            out.put(key.toBytes()).put((byte) '=').put(value.toBytes()).put((byte) '\n');
        });
        return out.array();
    }

    /// The length of `length key=value\n`, which counts its own digits.
    private static int recordLength(RawName key, RawName value) {
        int rest = key.length() + value.length() + 3;
        int length = rest + Integer.toString(rest).length();
        return rest + Integer.toString(length).length();
    }

    private void octal(int at, int length, long value) {
        long rest = value;
        for (int i = at + length - 2; i >= at; i--) {
            block[i] = (byte) ('0' + (rest & 7));
            rest >>>= 3;
        }
        block[at + length - 1] = 0;
    }

    private void putText(int at, int length, String ascii) {
        byte[] bytes = ascii.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(bytes, 0, block, at, Math.min(length, bytes.length));
    }

    /// What a reader without PAX gets to see.
    private static String ascii(String text) {
        return text.replaceAll("[^\\x20-\\x7e]", "_");
    }

    private static boolean isAscii(byte[] bytes) {
        for (byte b : bytes) {
            if (b < 0) {
                return false;
            }
        }
        return true;
    }
}
