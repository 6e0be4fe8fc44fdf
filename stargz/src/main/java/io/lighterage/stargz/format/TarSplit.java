package io.lighterage.stargz.format;

import com.github.luben.zstd.ZstdOutputStreamNoFinalizer;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.tar.TarEntry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.json.JsonMapper;

/// What is left of a tar stream when the contents of its files are taken out, so that stream and diffID can be made
/// again from a tree: a JSON object a line, compressed with zstd.
///
/// | type | is | fields |
/// |---|---|---|
/// | 1 | the place of a file's content | `name`, `size`, `payload`: its CRC-64, big-endian |
/// | 2 | bytes of the stream | `payload` |
final class TarSplit implements PackedTar.TarObserver, AutoCloseable {
    /// Segments of more than this are cut, so that a run of headers takes no memory.
    private static final int SEGMENT = 1 << 20;

    private final BlobFile file;
    private final ZstdOutputStreamNoFinalizer out;
    private final ByteArrayOutputStream segment = new ByteArrayOutputStream();
    private final Crc64 crc = new Crc64();
    private long uncompressed;
    private int position;

    /// @param file takes the compressed lines; stays the caller's to close
    TarSplit(BlobFile file) {
        this.file = file;
        try {
            out = new ZstdOutputStreamNoFinalizer(file.stream(), ZstdEncoder.LEVEL);
        } catch (IOException e) {
            throw failed(e);
        }
    }

    @Override
    public void raw(ByteBuffer bytes) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        segment.writeBytes(copy);
        if (segment.size() >= SEGMENT) {
            endSegment();
        }
    }

    @Override
    public void payload(TarEntry entry, ByteBuffer bytes) {
        crc.update(bytes);
    }

    @Override
    public void end(TarEntry entry) {
        endSegment();
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        try (JsonGenerator json = JsonMapper.shared().createGenerator(line)) {
            json.writeStartObject();
            json.writeNumberProperty("type", 1);
            json.writeStringProperty("name", new String(entry.name().toBytes(), StandardCharsets.UTF_8));
            if (entry.size() > 0) {
                json.writeNumberProperty("size", entry.size());
                json.writeStringProperty("payload", Base64.getEncoder().encodeToString(checksum()));
            } else {
                json.writeNullProperty("payload");
            }
            json.writeNumberProperty("position", position++);
            json.writeEndObject();
        }
        write(line);
        crc.reset();
    }

    private byte[] checksum() {
        return ByteBuffer.allocate(Long.BYTES).putLong(crc.value()).array();
    }

    private void endSegment() {
        if (segment.size() == 0) {
            return;
        }
        ByteArrayOutputStream line = new ByteArrayOutputStream(segment.size() * 4 / 3 + 64);
        try (JsonGenerator json = JsonMapper.shared().createGenerator(line)) {
            json.writeStartObject();
            json.writeNumberProperty("type", 2);
            json.writeStringProperty("payload", Base64.getEncoder().encodeToString(segment.toByteArray()));
            json.writeNumberProperty("position", position++);
            json.writeEndObject();
        }
        segment.reset();
        write(line);
    }

    private void write(ByteArrayOutputStream line) {
        line.write('\n');
        uncompressed += line.size();
        try {
            line.writeTo(out);
        } catch (IOException e) {
            throw failed(e);
        }
    }

    /// Ends the data.
    void finish() {
        endSegment();
        close();
    }

    /// Length of the data before compression.
    long uncompressedBytes() {
        return uncompressed;
    }

    /// The compressed data, after [#finish].
    BlobFile file() {
        return file;
    }

    private static ImageException failed(IOException e) {
        return new ImageException(ErrorKind.INTERNAL, "writing tar-split data failed: " + e, e);
    }

    @Override
    public void close() {
        try {
            out.close();
        } catch (IOException e) {
            throw failed(e);
        }
    }
}
