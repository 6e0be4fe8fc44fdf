package io.lighterage.stargz.format;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.index.Encoding;
import io.lighterage.stargz.index.LayerIndex;
import io.lighterage.stargz.index.LayerIndexBuilder;
import io.lighterage.stargz.index.LayerIndexBuilder.Chunk;
import io.lighterage.stargz.tar.TarEntry;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Makes entries and chunks of the items of a table of contents. The chunks of a file are the item of type `reg`
/// and the items of type `chunk` right behind it, whatever they are called.
final class TocEntries {
    private final LayerIndexBuilder builder;
    private final Footer footer;
    private final String what;
    private final List<TocItem> file = new ArrayList<>();
    private String lastTime = "";
    private Rfc3339.Time time = Rfc3339.Time.EPOCH;

    /// @param footer says where the chunks end
    /// @param what names the layer in failures
    TocEntries(LayerIndexBuilder builder, Footer footer, String what) {
        this.builder = builder;
        this.footer = footer;
        this.what = what;
        builder.openRangesEnd(footer.dataEnd());
    }

    /// @throws ImageException INVALID when the item cannot be, naming it
    void add(TocItem item) {
        if (item.type.equals("chunk")) {
            if (file.isEmpty()) {
                throw invalid(item, "is a chunk of no file");
            }
            file.add(item);
            return;
        }
        flush();
        if (item.type.equals("reg")) {
            file.add(item);
        } else {
            builder.add(entry(item), List.of());
        }
    }

    /// All items have been added.
    void finish() {
        flush();
    }

    private void flush() {
        if (!file.isEmpty()) {
            TocItem first = file.getFirst();
            builder.add(entry(first), first.size == 0 && file.size() == 1 ? List.of() : chunks(first));
            file.clear();
        }
    }

    private List<Chunk> chunks(TocItem first) {
        List<Chunk> chunks = new ArrayList<>(file.size());
        for (int i = 0; i < file.size(); i++) {
            TocItem item = file.get(i);
            long length = item.chunkSize != 0 ? item.chunkSize : first.size - item.chunkOffset;
            if (length <= 0 || item.chunkOffset < 0 || length > first.size - item.chunkOffset) {
                throw invalid(
                        first, "has " + first.size + " bytes but a chunk of " + length + " at " + item.chunkOffset);
            }
            boolean hole = isHole(first, item);
            if (hole) {
                addHole(chunks, item, length);
            } else {
                if (length > LayerIndex.MAX_CHUNK) {
                    throw new ImageException(
                            ErrorKind.UNSUPPORTED,
                            "entry '" + shown(first) + "' of " + what + " has a chunk of " + length
                                    + " bytes; expected at most " + LayerIndex.MAX_CHUNK
                                    + ". Convert the image with smaller chunks");
                }
                chunks.add(new Chunk(
                        item.chunkOffset,
                        (int) length,
                        item.offset,
                        end(first, i),
                        item.innerOffset,
                        false,
                        digest(first, item),
                        Math.clamp(item.prefetch, 0, Integer.MAX_VALUE)));
            }
        }
        return chunks;
    }

    private boolean isHole(TocItem first, TocItem item) {
        return switch (item.chunkType) {
            case "" -> false;
            case "zeros" -> true;
            default ->
                throw new ImageException(
                        ErrorKind.UNSUPPORTED,
                        "entry '" + shown(first) + "' of " + what + " has a chunk of type '" + item.chunkType
                                + "', which this program does not know");
        };
    }

    /// A hole may be of any length.
    private static void addHole(List<Chunk> chunks, TocItem item, long length) {
        for (long at = 0; at < length; at += LayerIndex.MAX_CHUNK) {
            int part = (int) Math.min(LayerIndex.MAX_CHUNK, length - at);
            chunks.add(new Chunk(item.chunkOffset + at, part, item.offset, item.offset, 0, true, Holes.DIGEST));
        }
    }

    /// Digests of holes are not looked at.
    private static final class Holes {
        static final Digest DIGEST = Digest.sha256(new byte[0]);
    }

    /// Where the range of a chunk ends. Items of containers/storage say where the file ends, and a chunk there
    /// ends where the next one begins.
    private long end(TocItem first, int chunk) {
        if (footer.encoding() != Encoding.ZSTD_FRAMES || first.endOffset == 0) {
            return Chunk.OPEN;
        }
        long end = chunk + 1 < file.size() ? file.get(chunk + 1).offset : first.endOffset;
        if (end > footer.dataEnd() || end <= file.get(chunk).offset) {
            throw invalid(
                    first,
                    "has a chunk in blob bytes " + file.get(chunk).offset + " to " + end
                            + ", which cannot be: the contents end at " + footer.dataEnd());
        }
        return end;
    }

    private Digest digest(TocItem first, TocItem item) {
        String text = item.chunkDigest.isEmpty() && file.size() == 1 ? item.digest : item.chunkDigest;
        if (text.isEmpty()) {
            throw invalid(
                    first, "has a chunk at " + item.chunkOffset + " without a digest, so it could not be verified");
        }
        try {
            return Digest.parse(text);
        } catch (ImageException e) {
            throw new ImageException(e.kind(), "entry '" + shown(first) + "' of " + what + ": " + e.getMessage(), e);
        }
    }

    private TarEntry entry(TocItem item) {
        TarEntry.Type type = type(item);
        boolean device = type == TarEntry.Type.CHARACTER_DEVICE || type == TarEntry.Type.BLOCK_DEVICE;
        boolean link = type == TarEntry.Type.SYMLINK || type == TarEntry.Type.HARD_LINK;
        setTime(item);
        return new TarEntry(
                RawName.of(item.name),
                type,
                link ? RawName.of(item.linkName) : RawName.EMPTY,
                (int) item.mode & 07777,
                item.uid,
                item.gid,
                type == TarEntry.Type.REGULAR ? item.size : 0,
                time.seconds(),
                time.nanos(),
                device ? item.deviceMajor : 0,
                device ? item.deviceMinor : 0,
                xattrs(item),
                List.of());
    }

    /// Most entries have the time of the one before.
    private void setTime(TocItem item) {
        if (item.modifyTime.equals(lastTime)) {
            return;
        }
        Rfc3339.@Nullable Time parsed = Rfc3339.parse(item.modifyTime);
        if (parsed == null) {
            throw invalid(item, "has the time '" + item.modifyTime + "'; expected RFC 3339");
        }
        time = parsed;
        lastTime = item.modifyTime;
    }

    private TarEntry.Type type(TocItem item) {
        return switch (item.type) {
            case "reg" -> TarEntry.Type.REGULAR;
            case "dir" -> TarEntry.Type.DIRECTORY;
            case "symlink" -> TarEntry.Type.SYMLINK;
            case "hardlink" -> TarEntry.Type.HARD_LINK;
            case "char" -> TarEntry.Type.CHARACTER_DEVICE;
            case "block" -> TarEntry.Type.BLOCK_DEVICE;
            case "fifo" -> TarEntry.Type.FIFO;
            default ->
                throw invalid(item, "is of type '" + item.type + "'; expected a file, directory, link, device or fifo");
        };
    }

    private Map<RawName, RawName> xattrs(TocItem item) {
        if (item.xattrs.isEmpty()) {
            return Map.of();
        }
        Map<RawName, RawName> decoded = new LinkedHashMap<>();
        item.xattrs.forEach((name, value) -> {
            try {
                decoded.put(RawName.of(name), RawName.of(Base64.getDecoder().decode(value)));
            } catch (IllegalArgumentException e) {
                throw invalid(item, "has an extended attribute '" + name + "' that is not base64");
            }
        });
        return decoded;
    }

    private ImageException invalid(TocItem item, String fault) {
        return new ImageException(
                ErrorKind.INVALID, "entry '" + shown(item) + "' of the table of contents of " + what + " " + fault);
    }

    /// A name for messages, cut where it is long.
    static String shown(TocItem item) {
        String name = item.name.length() <= 200 ? item.name : item.name.substring(0, 200) + "…";
        return RawName.of(name).toString();
    }
}
