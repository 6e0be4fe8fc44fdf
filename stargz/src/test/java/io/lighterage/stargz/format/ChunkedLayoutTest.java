package io.lighterage.stargz.format;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.luben.zstd.Zstd;
import io.lighterage.contentstore.Digest;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The bytes behind the tar stream of a zstd:chunked layer, taken apart by hand.
class ChunkedLayoutTest {
    @TempDir
    Path folder;

    private Conversion made;
    private byte[] blob;

    @BeforeEach
    void convert() {
        made = Conversion.of(LayerConverterTest.oneOfEverything(), LayerForm.ZSTD_CHUNKED, 4096, "", folder);
        blob = made.bytes();
    }

    private long[] position(String annotation) {
        return Arrays.stream(made.annotation("io.github.containers.zstd-chunked." + annotation)
                        .split(":"))
                .mapToLong(Long::parseLong)
                .toArray();
    }

    private byte[] part(long[] at) {
        return Arrays.copyOfRange(blob, (int) at[0], (int) (at[0] + at[1]));
    }

    private JsonNode toc() {
        long[] at = position("manifest-position");
        byte[] packed = part(at);
        assertThat(Digest.sha256(packed).toString())
                .isEqualTo(made.annotation("io.github.containers.zstd-chunked.manifest-checksum"));
        return JsonMapper.shared().readTree(unpacked(packed, (int) at[2]));
    }

    private static byte[] unpacked(byte[] packed, int length) {
        try (var in = new com.github.luben.zstd.ZstdInputStream(new ByteArrayInputStream(packed))) {
            byte[] bytes = in.readAllBytes();
            assertThat(bytes).hasSize(length);
            return bytes;
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void theFooterSaysWhatTheAnnotationsSay() {
        ByteBuffer footer = ByteBuffer.wrap(blob, blob.length - 64, 64).order(ByteOrder.LITTLE_ENDIAN);
        long[] toc = position("manifest-position");
        long[] split = position("tarsplit-position");
        for (long expected : new long[] {toc[0], toc[1], toc[2], 1, split[0], split[1], split[2]}) {
            assertThat(footer.getLong()).isEqualTo(expected);
        }
        assertThat(new String(blob, blob.length - 8, 8, StandardCharsets.US_ASCII))
                .isEqualTo("GNUlInUx");
    }

    @Test
    void everyChunkIsAFrameOfItsOwnWithNothingElse() {
        int chunks = 0;
        int zeros = 0;
        for (JsonNode entry : toc().path("entries")) {
            long from = entry.path("offset").asLong(0);
            String digest =
                    entry.path("chunkDigest").asString(entry.path("digest").asString(""));
            if (from == 0) {
                continue;
            }
            chunks++;
            zeros += entry.path("chunkType").asString("").equals("zeros") ? 1 : 0;
            byte[] rest = Arrays.copyOfRange(blob, (int) from, blob.length);
            long frame = Zstd.findFrameCompressedSize(rest);
            byte[] content = unpacked(Arrays.copyOf(rest, (int) frame), (int) Zstd.getFrameContentSize(rest));
            assertThat(Digest.sha256(content).toString()).as(entry.toString()).isEqualTo(digest);
            assertThat(content.length)
                    .isEqualTo(entry.path("chunkSize").asInt(entry.path("size").asInt()));
        }
        assertThat(chunks).isGreaterThan(700);
        assertThat(zeros).isEqualTo(6);
    }

    @Test
    void tarSplitAndContentsMakeTheStreamAgain() {
        Map<String, byte[]> contents = contents();
        long[] at = position("tarsplit-position");
        assertThat(toc().path("tarSplitDigest").asString())
                .isEqualTo(Digest.sha256(part(at)).toString());
        String text = new String(unpacked(part(at), (int) at[2]), StandardCharsets.UTF_8);
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        int position = 0;
        for (String line : text.split("\n")) {
            JsonNode record = JsonMapper.shared().readTree(line);
            assertThat(record.path("position").asInt()).isEqualTo(position++);
            byte[] payload = Base64.getDecoder().decode(record.path("payload").asString(""));
            if (record.path("type").asInt() == 2) {
                stream.writeBytes(payload);
            } else if (record.path("size").asLong(0) > 0) {
                byte[] content = contents.getOrDefault(record.path("name").asString(), new byte[0]);
                Crc64 crc = new Crc64();
                crc.update(ByteBuffer.wrap(content));
                assertThat(payload)
                        .isEqualTo(ByteBuffer.allocate(8).putLong(crc.value()).array());
                stream.writeBytes(content);
            }
        }
        assertThat(Digest.sha256(stream.toByteArray())).isEqualTo(made.layer().diffId());
    }

    /// Contents of files by name, from the whole tar.
    private Map<String, byte[]> contents() {
        Map<String, byte[]> contents = new HashMap<>();
        var reader = new io.lighterage.stargz.tar.TarReader(io.lighterage.stargz.Sources.of(made.tar()));
        for (var entry = reader.next(); entry != null; entry = reader.next()) {
            ByteArrayOutputStream content = new ByteArrayOutputStream();
            for (ByteBuffer piece = reader.payload(); piece != null; piece = reader.payload()) {
                byte[] bytes = new byte[piece.remaining()];
                piece.get(bytes);
                content.writeBytes(bytes);
            }
            contents.put(entry.name().toString(), content.toByteArray());
        }
        return contents;
    }

    @Test
    void crcIsThatOfGo() {
        Crc64 crc = new Crc64();
        crc.update(ByteBuffer.wrap("123456789".getBytes(StandardCharsets.US_ASCII)));
        assertThat(crc.value()).isEqualTo(0xb90956c775a41001L);
    }
}
