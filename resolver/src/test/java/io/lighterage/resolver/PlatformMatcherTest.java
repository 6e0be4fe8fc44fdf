package io.lighterage.resolver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.MediaType;
import io.lighterage.contentstore.Platform;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PlatformMatcherTest {
    @ParameterizedTest
    @CsvSource({
        "Linux/x86_64, linux/amd64",
        "linux/x86-64/v1, linux/amd64",
        "linux/amd64/v3, linux/amd64/v3",
        "linux/aarch64, linux/arm64",
        "linux/arm64/8, linux/arm64",
        "linux/arm64/v8.0, linux/arm64",
        "linux/arm64/9, linux/arm64/v9",
        "linux/arm64/v9.0, linux/arm64/v9",
        "linux/i386, linux/386",
        "linux/armhf, linux/arm/v7",
        "linux/armel, linux/arm/v6",
        "linux/arm, linux/arm/v7",
        "linux/arm/6, linux/arm/v6",
        "macos/arm64, darwin/arm64",
        "linux/riscv64, linux/riscv64"
    })
    void namesAreNormalised(String text, String expected) {
        assertThat(PlatformMatcher.parse(text)).hasToString(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/", "linux/", "a/b/c/d", "linux/amd 64"})
    void nonsenseIsInvalid(String text) {
        assertThatThrownBy(() -> PlatformMatcher.parse(text)).isInstanceOf(ImageException.class);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "linux/amd64; linux/386, linux/amd64/v2, linux/amd64; linux/amd64",
                "linux/amd64; linux/386, linux/arm64; linux/386",
                "linux/amd64/v3; linux/amd64, linux/amd64/v4, linux/amd64/v2, linux/386; linux/amd64/v2",
                "linux/amd64/v3; linux/386, linux/amd64; linux/amd64",
                "linux/arm/v7; linux/arm/v5, linux/arm/v8, linux/arm/v6; linux/arm/v6",
                "linux/arm; linux/arm/v7, linux/arm/v6; linux/arm/v7",
                "linux/arm/v5; linux/arm/v7, linux/arm/v6; none",
                "linux/arm64; linux/arm/v8, linux/arm64/v8; linux/arm64/v8",
                "linux/arm64; linux/amd64, linux/arm/v7; linux/arm/v7",
                "linux/arm64/v9.2; linux/arm64, linux/arm64/v9.3, linux/arm64/v9.1; linux/arm64/v9.1",
                "linux/arm64/v9.2; linux/arm64/v8.8, linux/arm64/v8.7, linux/arm64; linux/arm64/v8.7",
                "linux/arm64/v9; linux/arm64/v8.6, linux/arm64/v8.5; linux/arm64/v8.5",
                "linux/arm64/v8.2; linux/arm64/v8.3, linux/arm64/v8.1, linux/arm64; linux/arm64/v8.1",
                "windows/amd64; linux/amd64; none",
                "linux/s390x; linux/s390x, linux/amd64; linux/s390x"
            })
    void theClosestPlatformWins(String wanted, String offered, String expected) {
        List<Descriptor> entries = new ArrayList<>();
        for (String text : offered.split(", ")) {
            String[] parts = text.split("/");
            entries.add(entry(new Platform(parts[0], parts[1], parts.length > 2 ? parts[2] : "")));
        }
        String found = PlatformMatcher.best(entries, PlatformMatcher.parse(wanted))
                .flatMap(Descriptor::platform)
                .map(Platform::toString)
                .orElse("none");
        assertThat(found).isEqualTo(expected);
    }

    @Test
    void amongEqualsTheFirstWins() {
        Descriptor first = entry(new Platform("linux", "amd64", ""));
        Descriptor second = entry(new Platform("linux", "x86_64", "v1"));
        assertThat(PlatformMatcher.best(List.of(first, second), PlatformMatcher.parse("linux/amd64")))
                .contains(first);
    }

    @Test
    void featuresMustAllBeOfferedAndMoreOfThemWin() {
        Descriptor plain = entry(new Platform("linux", "amd64", ""));
        Descriptor one = entry(new Platform("linux", "amd64", "", "", List.of("a")));
        Descriptor two = entry(new Platform("linux", "amd64", "", "", List.of("a", "b")));
        List<Descriptor> all = List.of(plain, one, two);
        assertThat(PlatformMatcher.best(all, new Platform("linux", "amd64", "")))
                .contains(plain);
        assertThat(PlatformMatcher.best(all, new Platform("linux", "amd64", "", "", List.of("a"))))
                .contains(one);
        assertThat(PlatformMatcher.best(all, new Platform("linux", "amd64", "", "", List.of("b", "a"))))
                .contains(two);
    }

    @Test
    void windowsWantsItsOwnBuild() {
        Descriptor old = entry(new Platform("windows", "amd64", "", "10.0.17763.1", List.of()));
        Descriptor young = entry(new Platform("windows", "amd64", "", "10.0.20348.2", List.of()));
        assertThat(PlatformMatcher.best(
                        List.of(old, young), new Platform("windows", "amd64", "", "10.0.20348.99", List.of())))
                .contains(young);
    }

    @Test
    void attestationsAndForeignArtifactsAreSkipped() {
        Descriptor unknown = entry(new Platform("unknown", "unknown", ""));
        Descriptor attestation = entry(new Platform("linux", "amd64", ""))
                .withAnnotations(Map.of("vnd.docker.reference.type", "attestation-manifest"));
        Descriptor artifact = new Descriptor(
                MediaType.OCI_MANIFEST,
                Digest.sha256(new byte[0]),
                1,
                Map.of(),
                Optional.empty(),
                "application/vnd.example",
                List.of());
        Descriptor silent = new Descriptor(MediaType.OCI_MANIFEST, Digest.sha256(new byte[1]), 1);
        List<Descriptor> all = List.of(unknown, attestation, artifact, silent);
        assertThat(PlatformMatcher.best(all, PlatformMatcher.parse("linux/amd64")))
                .isEmpty();
        assertThat(PlatformMatcher.withoutPlatform(all)).containsExactly(silent);
    }

    @Test
    void thisMachineHasAPlatform() {
        assertThat(PlatformMatcher.host().os()).isNotEmpty();
        assertThat(PlatformMatcher.parse("arm64").os())
                .isEqualTo(PlatformMatcher.host().os());
    }

    private static Descriptor entry(Platform platform) {
        return new Descriptor(
                MediaType.OCI_MANIFEST,
                Digest.sha256(platform.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8)),
                1,
                Map.of(),
                Optional.of(platform),
                "",
                List.of());
    }
}
