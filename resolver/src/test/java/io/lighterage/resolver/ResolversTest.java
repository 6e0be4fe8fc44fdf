package io.lighterage.resolver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import org.junit.jupiter.api.Test;

class ResolversTest {
    @Test
    void namesGoToTheRegistryAndTransportsToTheirResolver() {
        assertThat(name("debian")).isEqualTo("docker.io/library/debian:latest");
        assertThat(name("docker://debian:12")).isEqualTo("docker.io/library/debian:12");
        assertThat(name("docker:dind")).isEqualTo("docker.io/library/docker:dind");
        assertThat(name("oci:/srv/images:12")).isEqualTo("oci:/srv/images:12");
    }

    @Test
    void anUnknownTransportIsUnsupportedAndTheKnownOnesAreNamed() {
        ImageException failure = catchThrowableOfType(ImageException.class, () -> name("foo://bar"));
        assertThat(failure.kind()).isEqualTo(ErrorKind.UNSUPPORTED);
        assertThat(failure).hasMessageContaining("docker://").hasMessageContaining("oci:");
    }

    private static String name(String text) {
        try (ImageSource source = Resolvers.installed().open(text, Configs.plain())) {
            return source.name();
        }
    }
}
