package io.lighterage.contentstore.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.MediaType;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ManifestParserTest {
    private static final String A = "sha256:" + "a".repeat(64);
    private static final String CHILD = "{\"mediaType\":\"x/y\",\"digest\":\"" + A + "\",\"size\":3}";
    private static final String IMAGE = "{\"schemaVersion\":2,\"config\":" + CHILD + ",\"layers\":[" + CHILD + "]}";

    @Test
    void readsAnOciManifestWithoutAMediaTypeField() {
        Manifest manifest = parse(MediaType.OCI_MANIFEST, IMAGE);
        assertThat(manifest).isInstanceOf(Manifest.Image.class);
        assertThat(manifest.children()).hasSize(2);
    }

    @Test
    void readsAnIndexWithPlatforms() {
        String entry =
                CHILD.replace("}", ",\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\",\"variant\":\"v8\"}}");
        Manifest manifest = parse(MediaType.DOCKER_INDEX, "{\"manifests\":[" + entry + "]}");
        assertThat(manifest.children().getFirst().platform().orElseThrow().toString())
                .isEqualTo("linux/arm64/v8");
    }

    @Test
    void refusesADocumentWithLayersAndManifests() {
        String both = IMAGE.replace("{\"schemaVersion\"", "{\"manifests\":[],\"schemaVersion\"");
        refused(MediaType.OCI_MANIFEST, both, ErrorKind.INVALID, "both 'manifests'");
        refused(MediaType.OCI_INDEX, both, ErrorKind.INVALID, "both 'manifests'");
    }

    @Test
    void refusesADocumentServedUnderAnotherType() {
        refused(MediaType.OCI_INDEX, IMAGE, ErrorKind.INVALID, "shape");
        String claims = IMAGE.replace("{\"schema", "{\"mediaType\":\"" + MediaType.OCI_INDEX + "\",\"schema");
        refused(MediaType.OCI_MANIFEST, claims, ErrorKind.INVALID, "calls itself");
    }

    @Test
    void refusesSchemaOne() {
        refused(MediaType.DOCKER_SCHEMA1_SIGNED, "{}", ErrorKind.UNSUPPORTED, "schema 1");
        refused(MediaType.OCI_MANIFEST, "{\"schemaVersion\":1,\"fsLayers\":[]}", ErrorKind.UNSUPPORTED, "schema 1");
    }

    @Test
    void refusesHostileDocuments() {
        refused(MediaType.OCI_MANIFEST, "[]", ErrorKind.INVALID, "not a JSON object");
        refused(MediaType.OCI_MANIFEST, "", ErrorKind.INVALID, "not a JSON object");
        refused(MediaType.OCI_MANIFEST, IMAGE + " x", ErrorKind.INVALID, "not valid JSON");
        refused(MediaType.OCI_MANIFEST, "{\"a\":1,\"a\":2}", ErrorKind.INVALID, "not valid JSON");
        refused(MediaType.OCI_MANIFEST, "{\"a\":".repeat(100_000), ErrorKind.INVALID, "not valid JSON");
        refused(MediaType.OCI_MANIFEST, IMAGE.replace(":3", ":-3"), ErrorKind.INVALID, "size");
        refused(MediaType.OCI_MANIFEST, IMAGE.replace(":3", ":3.5"), ErrorKind.INVALID, "size");
        refused(MediaType.OCI_MANIFEST, IMAGE.replace("aaa", "../"), ErrorKind.INVALID, "hexadecimal");
        refused(
                MediaType.OCI_MANIFEST,
                " ".repeat(ManifestParser.MAX_DOCUMENT_BYTES) + IMAGE,
                ErrorKind.INVALID,
                "expected at most");
    }

    @Test
    void randomDamageGivesAnImageExceptionOrAManifest() {
        long seed = 7;
        Random random = new Random(seed);
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = IMAGE.getBytes(StandardCharsets.UTF_8);
            for (int flips = random.nextInt(4); flips >= 0; flips--) {
                bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
            }
            try {
                ManifestParser.parse(descriptor(MediaType.OCI_MANIFEST), bytes);
            } catch (ImageException expected) {
                assertThat(expected.kind()).as("seed %d, round %d", seed, i).isNotEqualTo(ErrorKind.INTERNAL);
            }
        }
    }

    @Test
    void readsAConfiguration() {
        String text = "{\"os\":\"linux\",\"architecture\":\"amd64\",\"config\":{\"Env\":[\"A=b\"],\"Cmd\":null,"
                + "\"Entrypoint\":[\"/x\"]},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" + A + "\"]}}";
        ImageConfig config = ManifestParser.parseConfig(Digest.parse(A), text.getBytes(StandardCharsets.UTF_8));
        assertThat(config.diffIds()).containsExactly(Digest.parse(A));
        assertThat(config.execution().entrypoint()).containsExactly("/x");
        assertThat(config.platform()).hasToString("linux/amd64");
    }

    @Test
    void readsHowAnImageIsToBeRun() {
        ImageConfig.Execution execution = execution("{\"User\":\"web:adm\",\"Env\":[\"A=1\",\"A=2\"],"
                + "\"Entrypoint\":[\"/e\",\"-x\"],\"Cmd\":[\"a b\"],\"WorkingDir\":\"/srv\","
                + "\"StopSignal\":\"SIGQUIT\",\"Labels\":{\"k\":\"v\"},\"Volumes\":{\"/v\":{}},\"Healthcheck\":{}}");
        assertThat(execution.user()).isEqualTo("web:adm");
        assertThat(execution.env()).containsExactly("A=1", "A=2");
        assertThat(execution.entrypoint()).containsExactly("/e", "-x");
        assertThat(execution.cmd()).containsExactly("a b");
        assertThat(execution.workingDir()).isEqualTo("/srv");
        assertThat(execution.stopSignal()).contains("SIGQUIT");
        assertThat(execution.labels()).containsExactly(Map.entry("k", "v"));
        assertThat(execution("{}")).isEqualTo(ImageConfig.Execution.empty());
        assertThat(execution("null")).isEqualTo(ImageConfig.Execution.empty());
    }

    @Test
    void refusesAConfigurationThatCannotBeMeant() {
        for (String bad : List.of(
                "[]",
                "{\"User\":0}",
                "{\"Env\":{\"A\":\"1\"}}",
                "{\"Env\":[1]}",
                "{\"Cmd\":\"/bin/sh\"}",
                "{\"Entrypoint\":[null]}",
                "{\"Labels\":{\"k\":1}}",
                "{\"WorkingDir\":[\"/\"]}")) {
            assertThatThrownBy(() -> execution(bad))
                    .as(bad)
                    .isInstanceOfSatisfying(
                            ImageException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID));
        }
    }

    private static ImageConfig.Execution execution(String config) {
        byte[] bytes = ("{\"config\":" + config + "}").getBytes(StandardCharsets.UTF_8);
        return ManifestParser.parseConfig(Digest.parse(A), bytes).execution();
    }

    private static void refused(String mediaType, String text, ErrorKind kind, String words) {
        assertThatThrownBy(() -> parse(mediaType, text))
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.kind()).isEqualTo(kind))
                .hasMessageContaining(words);
    }

    private static Manifest parse(String mediaType, String text) {
        return ManifestParser.parse(descriptor(mediaType), text.getBytes(StandardCharsets.UTF_8));
    }

    private static Descriptor descriptor(String mediaType) {
        return new Descriptor(mediaType, Digest.parse(A), 1);
    }
}
