package io.lighterage.stargz.tar;

import io.lighterage.stargz.RawName;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Archives for tests, written down as what is in them:
/// `tarOf(file("a", "x"), symlink("b", "a"), whiteout("c"))`.
public final class Tars {
    private Tars() {}

    /// Something that becomes bytes of an archive.
    public interface Item {
        void writeTo(ByteArrayOutputStream out);
    }

    /// The items one after another, and the end of the archive.
    public static byte[] tarOf(Item... items) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(unterminated(items));
        out.writeBytes(new byte[2 * TarFormat.BLOCK]);
        return out.toByteArray();
    }

    /// As [#tarOf], without the two zero blocks.
    public static byte[] unterminated(Item... items) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (Item item : items) {
            item.writeTo(out);
        }
        return out.toByteArray();
    }

    public static Entry file(String name, String content) {
        return file(name, content.getBytes(StandardCharsets.UTF_8));
    }

    public static Entry file(String name, byte[] content) {
        return entry(name, TarEntry.Type.REGULAR, "", 0644, content);
    }

    public static Entry dir(String name) {
        return entry(name.endsWith("/") ? name : name + "/", TarEntry.Type.DIRECTORY, "", 0755, new byte[0]);
    }

    public static Entry symlink(String name, String target) {
        return entry(name, TarEntry.Type.SYMLINK, target, 0777, new byte[0]);
    }

    /// @param target an earlier name in the archive
    public static Entry hardlink(String name, String target) {
        return entry(name, TarEntry.Type.HARD_LINK, target, 0644, new byte[0]);
    }

    public static Entry fifo(String name) {
        return entry(name, TarEntry.Type.FIFO, "", 0644, new byte[0]);
    }

    public static Entry charDevice(String name, int major, int minor) {
        return entry(name, TarEntry.Type.CHARACTER_DEVICE, "", 0644, new byte[0])
                .device(major, minor);
    }

    public static Entry blockDevice(String name, int major, int minor) {
        return entry(name, TarEntry.Type.BLOCK_DEVICE, "", 0644, new byte[0]).device(major, minor);
    }

    /// Removes `name` of the layers below.
    public static Entry whiteout(String name) {
        int slash = name.lastIndexOf('/') + 1;
        return file(name.substring(0, slash) + ".wh." + name.substring(slash), "");
    }

    /// Hides what the layers below have in the directory.
    public static Entry opaque(String directory) {
        return file(directory + "/.wh..wh..opq", "");
    }

    /// Any bytes, blocks or not.
    public static Item raw(byte[] bytes) {
        return out -> out.writeBytes(bytes);
    }

    /// A header built field by field, hostile if need be.
    public static RawHeader header(String name, char type) {
        return new RawHeader(name, type);
    }

    /// A PAX extended header for the next item; `records` are key and value in turns.
    public static Item pax(String... records) {
        return paxHeader('x', records);
    }

    /// A PAX global extended header.
    public static Item paxGlobal(String... records) {
        return paxHeader('g', records);
    }

    private static Item paxHeader(char type, String... records) {
        ByteArrayOutputStream payload = new ByteArrayOutputStream();
        for (int i = 0; i < records.length; i += 2) {
            payload.writeBytes(paxRecord(records[i], records[i + 1]));
        }
        return header("pax", type).payload(payload.toByteArray());
    }

    /// `length key=value\n`
    public static byte[] paxRecord(String key, String value) {
        byte[] rest = (" " + key + "=" + value + "\n").getBytes(StandardCharsets.UTF_8);
        int length = rest.length + 1;
        while (("" + length).length() + rest.length != length) {
            length++;
        }
        ByteArrayOutputStream record = new ByteArrayOutputStream();
        record.writeBytes(("" + length).getBytes(StandardCharsets.US_ASCII));
        record.writeBytes(rest);
        return record.toByteArray();
    }

    private static Entry entry(String name, TarEntry.Type type, String link, int mode, byte[] content) {
        return new Entry(
                new TarEntry(
                        RawName.of(name),
                        type,
                        RawName.of(link),
                        mode,
                        0,
                        0,
                        content.length,
                        0,
                        0,
                        0,
                        0,
                        Map.of(),
                        List.of()),
                content);
    }

    /// An entry as [TarWriter] writes it. Each method gives a changed copy.
    public static final class Entry implements Item {
        private final TarEntry e;
        private final byte[] content;

        private Entry(TarEntry entry, byte[] content) {
            e = entry;
            this.content = content;
        }

        public TarEntry entry() {
            return e;
        }

        public Entry mode(int mode) {
            return with(e.name(), mode, e.uid(), e.gid(), e.modifySeconds(), e.modifyNanos(), e.xattrs());
        }

        public Entry owner(long uid, long gid) {
            return with(e.name(), e.mode(), uid, gid, e.modifySeconds(), e.modifyNanos(), e.xattrs());
        }

        public Entry time(long seconds, int nanos) {
            return with(e.name(), e.mode(), e.uid(), e.gid(), seconds, nanos, e.xattrs());
        }

        /// Another name, as bytes.
        public Entry name(byte[] name) {
            return with(RawName.of(name), e.mode(), e.uid(), e.gid(), e.modifySeconds(), e.modifyNanos(), e.xattrs());
        }

        public Entry xattr(String name, String value) {
            return xattr(name, value.getBytes(StandardCharsets.UTF_8));
        }

        public Entry xattr(String name, byte[] value) {
            Map<RawName, RawName> xattrs = new LinkedHashMap<>(e.xattrs());
            xattrs.put(RawName.of(name), RawName.of(value));
            return with(e.name(), e.mode(), e.uid(), e.gid(), e.modifySeconds(), e.modifyNanos(), xattrs);
        }

        private Entry device(int major, int minor) {
            return new Entry(
                    new TarEntry(
                            e.name(),
                            e.type(),
                            e.linkName(),
                            e.mode(),
                            e.uid(),
                            e.gid(),
                            e.size(),
                            e.modifySeconds(),
                            e.modifyNanos(),
                            major,
                            minor,
                            e.xattrs(),
                            e.sparse()),
                    content);
        }

        private Entry with(
                RawName name, int mode, long uid, long gid, long seconds, int nanos, Map<RawName, RawName> xattrs) {
            return new Entry(
                    new TarEntry(
                            name,
                            e.type(),
                            e.linkName(),
                            mode,
                            uid,
                            gid,
                            e.size(),
                            seconds,
                            nanos,
                            e.deviceMajor(),
                            e.deviceMinor(),
                            xattrs,
                            e.sparse()),
                    content);
        }

        @Override
        public void writeTo(ByteArrayOutputStream out) {
            try {
                new TarWriter(out).add(e, ByteBuffer.wrap(content));
            } catch (IOException x) {
                throw new UncheckedIOException(x);
            }
        }
    }
}
