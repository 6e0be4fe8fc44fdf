package io.lighterage.stargz.tar;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// One header block of a test archive, field by field, with whatever lies its test needs, and a payload after it.
///
/// Begins as a POSIX header with mode 0644; size follows the payload unless it is set. The checksum is right unless
/// it is broken on purpose. Each method changes and returns the same object.
public final class RawHeader implements Tars.Item {
    private final byte[] block = new byte[TarFormat.BLOCK];
    private byte[] payload = new byte[0];
    private boolean sizeIsSet;
    private int checksumError;
    private boolean signedChecksum;

    RawHeader(String name, char type) {
        text(TarFormat.NAME, name);
        text(TarFormat.MODE, "0000644\0");
        text(TarFormat.MAGIC, "ustar\00000");
        block[TarFormat.TYPE] = (byte) type;
    }

    /// Writes Latin-1 characters as bytes at an offset of the block.
    public RawHeader text(int at, String latin1) {
        byte[] bytes = latin1.getBytes(StandardCharsets.ISO_8859_1);
        System.arraycopy(bytes, 0, block, at, bytes.length);
        return this;
    }

    /// GNU's magic and version.
    public RawHeader gnu() {
        return text(TarFormat.MAGIC, "ustar  \0");
    }

    /// No magic: the seventh edition's header.
    public RawHeader old() {
        return text(TarFormat.MAGIC, "\0\0\0\0\0\0\0\0");
    }

    /// A size that need not be that of the payload.
    public RawHeader size(long size) {
        sizeIsSet = true;
        return text(TarFormat.SIZE, String.format("%011o\0", size));
    }

    public RawHeader link(String target) {
        return text(TarFormat.LINK_NAME, target);
    }

    public RawHeader payload(byte[] bytes) {
        payload = bytes;
        return this;
    }

    public RawHeader payload(String text) {
        return payload(text.getBytes(StandardCharsets.UTF_8));
    }

    /// Makes the checksum wrong by so much.
    public RawHeader checksumError(int error) {
        checksumError = error;
        return this;
    }

    /// Sums the bytes as signed, as some old writers did.
    public RawHeader signedChecksum() {
        signedChecksum = true;
        return this;
    }

    @Override
    public void writeTo(ByteArrayOutputStream out) {
        if (!sizeIsSet && block[TarFormat.SIZE] == 0) {
            text(TarFormat.SIZE, String.format("%011o\0", payload.length));
        }
        Arrays.fill(block, TarFormat.CHECKSUM, TarFormat.CHECKSUM + TarFormat.CHECKSUM_LENGTH, (byte) ' ');
        int sum = checksumError;
        for (byte b : block) {
            sum += signedChecksum ? b : b & 0xff;
        }
        text(TarFormat.CHECKSUM, String.format("%06o\0 ", sum));
        out.writeBytes(block);
        out.writeBytes(payload);
        out.writeBytes(new byte[TarPayload.padding(payload.length)]);
    }
}
