package io.lighterage.stargz.compress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CompressionTest {
    private static Compression sniff(String hex) {
        ByteBuffer head = ByteBuffer.wrap(HexFormat.of().parseHex(hex));
        Compression found = Compression.sniff(head);
        assertThat(head.position()).isZero();
        return found;
    }

    @ParameterizedTest
    @CsvSource({
        "1f8b080000000000, GZIP",
        "28b52ffd, ZSTD",
        "502a4d1804000000, ZSTD",
        "5f2a4d1804000000, ZSTD",
        "602a4d1804000000, NONE",
        "1f8b, NONE",
        "'', NONE",
        "2e2f000000000000, NONE",
        "425a68392e747874, NONE",
    })
    void theFirstBytesSayTheCompression(String hex, Compression expected) {
        assertThat(sniff(hex)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "fd377a585a00, xz",
        "425a6839314159265359, bzip2",
        "425a6831177245385090, bzip2",
        "04224d186440, lz4",
        "02214c18, lz4",
        "4c5a495001, lzip",
        "1f9d90, compress",
    })
    void otherCompressionsAreUnsupportedByName(String hex, String name) {
        assertThatThrownBy(() -> sniff(hex))
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.UNSUPPORTED))
                .hasMessageContaining("compressed with " + name);
    }
}
