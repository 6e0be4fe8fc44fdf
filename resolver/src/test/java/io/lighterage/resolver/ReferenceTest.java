package io.lighterage.resolver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReferenceTest {
    private static final String HEX = "0123456789abcdef".repeat(4);

    @ParameterizedTest
    @CsvSource({
        "debian, docker.io/library/debian:latest",
        "debian:12, docker.io/library/debian:12",
        "docker:dind, docker.io/library/docker:dind",
        "a/b, docker.io/a/b:latest",
        "docker.io/debian, docker.io/library/debian:latest",
        "index.docker.io/a/b:1, docker.io/a/b:1",
        "localhost/a, localhost/a:latest",
        "localhost:5000/a/b_c--d.e:V_1.x-2, localhost:5000/a/b_c--d.e:V_1.x-2",
        "ghcr.io/a/b/c/d, ghcr.io/a/b/c/d:latest",
        "[::1]:5000/a, [::1]:5000/a:latest",
        "Host/a, Host/a:latest",
        "registry:5000/a, registry:5000/a:latest"
    })
    void namesAreNormalised(String text, String name) {
        assertThat(Reference.parse(text).name()).isEqualTo(name);
    }

    @Test
    void theDigestDecidesAndTheTagIsKept() {
        Reference both = Reference.parse("debian:12@sha256:" + HEX);
        assertThat(both.name()).isEqualTo("docker.io/library/debian:12@sha256:" + HEX);
        assertThat(both.selector()).isEqualTo("sha256:" + HEX);
        Reference digest = Reference.parse("debian@sha256:" + HEX);
        assertThat(digest.tag()).isEmpty();
        assertThat(digest.name()).isEqualTo("docker.io/library/debian@sha256:" + HEX);
    }

    @Test
    void dockerHubIsSpokenToElsewhere() {
        assertThat(Reference.parse("debian").apiHost()).isEqualTo("registry-1.docker.io");
        assertThat(Reference.parse("quay.io/a/b").apiHost()).isEqualTo("quay.io");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ":",
                "/",
                "a/",
                "/a",
                "a//b",
                "a:",
                "a@",
                "a@sha256:12",
                "a:b:c/d",
                "a b",
                "a\0b",
                "-a",
                "a-",
                "a..b",
                "a___b",
                "../a",
                "localhost:5000/",
                "localhost:99999/a",
                "ghcr.io/A/b",
                "debian:.1",
                "debian:ü",
                "ex_ample.com/a",
                "a@sha256:../../../../etc/passwd",
                "[::1/a"
            })
    void nonsenseIsInvalid(String text) {
        ImageException failure = catchThrowableOfType(ImageException.class, () -> Reference.parse(text));
        assertThat(failure).as(text).isNotNull();
        assertThat(failure.kind()).isEqualTo(ErrorKind.INVALID);
    }

    @Test
    void familiarMistakesGetFamiliarWords() {
        assertThat(message("ghcr.io/Some/Thing")).contains("must be lowercase", "some/thing");
        assertThat(message(HEX)).contains("image id");
        assertThat(message("a".repeat(256))).contains("at most 255");
        assertThat(message("a:" + "t".repeat(129))).contains("128");
        assertThat(message("a".repeat(2000))).contains("at most 1024");
        assertThat(message("a@md5:" + HEX)).contains("not supported");
    }

    private static String message(String text) {
        return String.valueOf(catchThrowableOfType(ImageException.class, () -> Reference.parse(text))
                .getMessage());
    }
}
