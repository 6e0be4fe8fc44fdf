package io.lighterage.remotesnapshotter.erofs;

import static io.lighterage.remotesnapshotter.erofs.ErofsFormat.BLOCK;
import static io.lighterage.remotesnapshotter.erofs.ErofsFormat.SLOTS;
import static io.lighterage.remotesnapshotter.erofs.ErofsFormat.SLOT_BYTES;
import static io.lighterage.remotesnapshotter.erofs.ErofsFormat.SUPERBLOCK;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32C;

/// What an image says of itself: boot area, superblock and device slots. See [ErofsFormat].
///
/// @param identity of the tree it was made of
/// @param devices the files it needs, in the order in which the kernel is given them
/// @param root number of the root inode, 16 bits
/// @param inodes how many there are
/// @param blocks of the image itself
public record ErofsHeader(Digest identity, List<ErofsDevice> devices, int root, long inodes, long blocks) {
    public ErofsHeader {
        devices = List.copyOf(devices);
        boolean fits = root >= 1
                && root <= 0xffff
                && inodes >= 1
                && blocks >= bytes(devices.size()) / BLOCK
                && blocks <= ErofsFormat.MAX_BLOCKS
                && devices.size() <= ErofsFormat.MAX_DEVICES
                && identity.toString().length() <= ErofsFormat.IDENTITY_BYTES;
        if (!fits) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "no EROFS image has root " + root + ", " + inodes + " inodes, " + blocks + " blocks and "
                            + devices.size() + " devices");
        }
    }

    /// Length of a header: whole blocks, so that the checksum of the first one covers nothing else.
    static int bytes(int devices) {
        return (int) ErofsFormat.roundUp(SLOTS + (long) devices * SLOT_BYTES, BLOCK);
    }

    /// Bytes of the image.
    public long bytes() {
        return blocks << ErofsFormat.BLOCK_BITS;
    }

    /// All of the header but magic number and digest at its start, which are known last.
    ByteBuffer encode() {
        ByteBuffer out = ByteBuffer.allocate(bytes(devices.size())).order(ByteOrder.LITTLE_ENDIAN);
        byte[] text = identity.toString().getBytes(StandardCharsets.US_ASCII);
        out.putInt(ErofsFormat.BOOT_VERSION, ErofsFormat.VERSION);
        out.putInt(ErofsFormat.BOOT_IDENTITY, text.length).put(ErofsFormat.BOOT_IDENTITY + Integer.BYTES, text);
        out.putInt(SUPERBLOCK, ErofsFormat.MAGIC);
        out.putInt(ErofsFormat.SB_COMPATIBLE, ErofsFormat.HAS_CHECKSUM | ErofsFormat.MODIFICATION_TIMES);
        out.put(ErofsFormat.SB_BLOCK_BITS, (byte) ErofsFormat.BLOCK_BITS);
        out.putShort(ErofsFormat.SB_ROOT, (short) root);
        out.putLong(ErofsFormat.SB_INODES, inodes);
        out.putInt(ErofsFormat.SB_BLOCKS, (int) blocks);
        byte[] uuid = HexFormat.of().parseHex(Digest.sha256(text).hex());
        out.put(ErofsFormat.SB_UUID, uuid, 0, ErofsFormat.UUID_BYTES);
        if (!devices.isEmpty()) {
            out.putInt(ErofsFormat.SB_INCOMPATIBLE, ErofsFormat.HAS_CHUNKS | ErofsFormat.HAS_DEVICES);
            out.putShort(ErofsFormat.SB_DEVICES, (short) devices.size());
            out.putShort(ErofsFormat.SB_SLOTS_AT, (short) (SLOTS / SLOT_BYTES));
            slots(out);
        }
        return out.putInt(ErofsFormat.SB_CHECKSUM, checksum(out));
    }

    private void slots(ByteBuffer out) {
        int at = SLOTS;
        for (ErofsDevice device : devices) {
            out.put(at, device.tag().getBytes(StandardCharsets.US_ASCII));
            out.putInt(at + ErofsFormat.SLOT_BLOCKS, (int) device.blocks());
            at += SLOT_BYTES;
        }
    }

    /// The kernel does not invert at the end, [CRC32C] does.
    private static int checksum(ByteBuffer header) {
        CRC32C sum = new CRC32C();
        sum.update(header.slice(SUPERBLOCK, BLOCK - SUPERBLOCK));
        return ~(int) sum.getValue();
    }

    /// Reads the header of an image that [#encode] made. Whether its bytes are right, only the digest of
    /// all can tell: see [ErofsImage#verify].
    ///
    /// @param start the remaining bytes: the header and what follows, as much as there is
    /// @param what names it in failures
    /// @throws ImageException CORRUPT when it is none, UNSUPPORTED for another version
    static ErofsHeader parse(ByteBuffer start, String what) {
        ByteBuffer in = start.slice().order(ByteOrder.LITTLE_ENDIAN);
        require(in.capacity() >= BLOCK, what, "it has " + in.capacity() + " bytes");
        boolean known = in.getLong(0) == ErofsFormat.BOOT_MAGIC && in.getInt(SUPERBLOCK) == ErofsFormat.MAGIC;
        require(known, what, "it does not begin as one");
        int version = in.getInt(ErofsFormat.BOOT_VERSION);
        if (version != ErofsFormat.VERSION) {
            throw new ImageException(
                    ErrorKind.UNSUPPORTED,
                    "EROFS image " + what + " has version " + version + "; this program reads version "
                            + ErofsFormat.VERSION + ". Remove it: it is made again when needed");
        }
        int devices = Short.toUnsignedInt(in.getShort(ErofsFormat.SB_DEVICES));
        boolean whole = devices <= ErofsFormat.MAX_DEVICES && in.capacity() >= bytes(devices);
        require(whole, what, "it ends within its " + devices + " devices");
        try {
            return new ErofsHeader(
                    identity(in, what),
                    devices(in, devices),
                    Short.toUnsignedInt(in.getShort(ErofsFormat.SB_ROOT)),
                    in.getLong(ErofsFormat.SB_INODES),
                    Integer.toUnsignedLong(in.getInt(ErofsFormat.SB_BLOCKS)));
        } catch (ImageException e) {
            throw corrupt(what, "its header is none: " + e.getMessage());
        }
    }

    private static Digest identity(ByteBuffer in, String what) {
        int length = in.getInt(ErofsFormat.BOOT_IDENTITY);
        require(length > 0 && length <= ErofsFormat.IDENTITY_BYTES, what, "it does not say of what it was made");
        byte[] text = new byte[length];
        in.get(ErofsFormat.BOOT_IDENTITY + Integer.BYTES, text);
        return Digest.parse(new String(text, StandardCharsets.US_ASCII));
    }

    private static List<ErofsDevice> devices(ByteBuffer in, int count) {
        List<ErofsDevice> devices = new ArrayList<>();
        for (int at = SLOTS; devices.size() < count; at += SLOT_BYTES) {
            byte[] tag = new byte[ErofsFormat.SLOT_TAG_BYTES];
            in.get(at, tag);
            long blocks = Integer.toUnsignedLong(in.getInt(at + ErofsFormat.SLOT_BLOCKS));
            devices.add(new ErofsDevice(new String(tag, StandardCharsets.US_ASCII).replace("\0", ""), blocks));
        }
        return devices;
    }

    static void require(boolean holds, String what, String fault) {
        if (!holds) {
            throw corrupt(what, fault);
        }
    }

    private static ImageException corrupt(String what, String fault) {
        return new ImageException(
                ErrorKind.CORRUPT,
                "EROFS image " + what + " is broken: " + fault + ". Remove it: it is made again when needed");
    }
}
