package io.lighterage.stargz.format;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.tar.TarEntry;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.json.JsonMapper;

/// The index of a layer as JSON, written entry by entry into a file of its own. Times are written with their fractions,
/// and that of the epoch too, which readers would else take for no time at all.
///
/// | field | eStargz | zstd:chunked |
/// |---|---|---|
/// | `digest` | of every regular file | absent for an empty one |
/// | `chunkSize` | absent for a last chunk shorter than the longest | of every chunk, where there are several |
/// | `chunkDigest` | of every chunk | of every chunk, where there are several |
/// | `endOffset` | | of every file that is not empty |
/// | `prefetch` | of a chunk that a start reads: its turn, from 1; our own, others pass over it | the same |
final class TocText implements AutoCloseable {
    private static final String EMPTY = Digest.sha256(new byte[0]).toString();

    /// What a year has four digits until (RFC 3339), in seconds since the epoch.
    private static final long LAST_SECOND = 253_402_300_799L;

    private static final long FIRST_SECOND = -62_167_219_200L;

    private final BlobFile file;
    private final LayerForm form;
    private final int chunkSize;
    private final JsonGenerator json;

    /// @param file takes the text; stays the caller's to close
    TocText(BlobFile file, LayerForm form, int chunkSize) {
        this.file = file;
        this.form = form;
        this.chunkSize = chunkSize;
        json = JsonMapper.shared().createGenerator(file.stream());
        json.writeStartObject();
        json.writeNumberProperty("version", 1);
        json.writeArrayPropertyStart("entries");
    }

    /// Refuses what JSON, RFC 3339 or the formats cannot hold.
    ///
    /// @throws ImageException INVALID, naming the entry
    void require(TarEntry entry) {
        text(entry.name(), entry, "its name");
        text(entry.linkName(), entry, "what it links to");
        entry.xattrs().keySet().forEach(name -> text(name, entry, "the name of an extended attribute"));
        if (entry.modifySeconds() < FIRST_SECOND || entry.modifySeconds() > LAST_SECOND) {
            throw refused(entry, "its time lies " + entry.modifySeconds() + " s from 1970", "a year of four digits");
        }
    }

    /// Adds an entry of which everything is known.
    void add(EntryRecord record) {
        TarEntry entry = record.entry;
        json.writeStartObject();
        json.writeStringProperty("name", text(entry.name(), entry, "its name"));
        json.writeStringProperty("type", type(entry.type()));
        number("size", entry.size());
        time(entry);
        if (!entry.linkName().isEmpty()) {
            json.writeStringProperty("linkName", text(entry.linkName(), entry, "what it links to"));
        }
        number("mode", entry.mode());
        number("uid", entry.uid());
        number("gid", entry.gid());
        number("devMajor", entry.deviceMajor());
        number("devMinor", entry.deviceMinor());
        xattrs(entry);
        content(record);
        json.writeEndObject();
        for (int i = 1; i < record.chunks.size(); i++) {
            json.writeStartObject();
            json.writeStringProperty("name", text(entry.name(), entry, "its name"));
            json.writeStringProperty("type", "chunk");
            chunk(record, record.chunks.get(i));
            json.writeEndObject();
        }
    }

    private void time(TarEntry entry) {
        json.writeStringProperty(
                "modtime",
                Instant.ofEpochSecond(entry.modifySeconds(), entry.modifyNanos())
                        .toString());
    }

    private void xattrs(TarEntry entry) {
        if (entry.xattrs().isEmpty()) {
            return;
        }
        json.writeObjectPropertyStart("xattrs");
        entry.xattrs()
                .forEach((name, value) -> json.writeStringProperty(
                        text(name, entry, "an attribute's name"),
                        Base64.getEncoder().encodeToString(value.toBytes())));
        json.writeEndObject();
    }

    private void content(EntryRecord record) {
        if (record.entry.type() != TarEntry.Type.REGULAR) {
            return;
        }
        if (record.chunks.isEmpty()) {
            if (form == LayerForm.ESTARGZ) {
                json.writeStringProperty("digest", EMPTY);
            }
            return;
        }
        json.writeStringProperty("digest", record.contentDigest().toString());
        if (form == LayerForm.ZSTD_CHUNKED) {
            number("endOffset", record.chunks.getLast().blobEnd);
        }
        chunk(record, record.chunks.getFirst());
    }

    private void chunk(EntryRecord record, ChunkRecord chunk) {
        number("offset", chunk.blobOffset);
        number("chunkOffset", chunk.fileOffset);
        boolean several = record.chunks.size() > 1;
        boolean estargz = form == LayerForm.ESTARGZ;
        boolean last = chunk == record.chunks.getLast();
        if (estargz ? chunk.length == chunkSize || !last : several) {
            number("chunkSize", chunk.length);
        }
        if (estargz || several) {
            json.writeStringProperty("chunkDigest", chunk.requiredDigest().toString());
        }
        if (!estargz && several && chunk.zeros) {
            json.writeStringProperty("chunkType", "zeros");
        }
        number("prefetch", chunk.rank);
    }

    private void number(String field, long value) {
        if (value != 0) {
            json.writeNumberProperty(field, value);
        }
    }

    /// Ends the document.
    ///
    /// @param tarSplit digest of the compressed tar-split data, for zstd:chunked
    void finish(Optional<Digest> tarSplit) {
        json.writeEndArray();
        tarSplit.ifPresent(digest -> json.writeStringProperty("tarSplitDigest", digest.toString()));
        json.writeEndObject();
        json.flush();
    }

    /// The document's file, after [#finish].
    BlobFile file() {
        return file;
    }

    private static String type(TarEntry.Type type) {
        return switch (type) {
            case REGULAR -> "reg";
            case HARD_LINK -> "hardlink";
            case SYMLINK -> "symlink";
            case CHARACTER_DEVICE -> "char";
            case BLOCK_DEVICE -> "block";
            case DIRECTORY -> "dir";
            case FIFO -> "fifo";
        };
    }

    private String text(RawName name, TarEntry entry, String what) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(name.toBytes()))
                    .toString();
        } catch (CharacterCodingException e) {
            throw refused(entry, what + " is not UTF-8 (" + name + ")", "UTF-8");
        }
    }

    private ImageException refused(TarEntry entry, String happened, String expected) {
        return new ImageException(
                ErrorKind.INVALID,
                "converting to " + form.word() + ": entry '" + entry.name() + "' cannot be held by the format: "
                        + happened + "; expected " + expected + ". Leave the image as it is, or build it anew");
    }

    @Override
    public void close() {
        json.close();
    }
}
