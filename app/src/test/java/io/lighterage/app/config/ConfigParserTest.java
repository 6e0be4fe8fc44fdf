package io.lighterage.app.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.app.LogLevel;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigParserTest {
    @TempDir
    Path folder;

    private static SettingValues parse(String text) {
        return ConfigParser.parse("c.toml", text.getBytes(StandardCharsets.UTF_8));
    }

    private static String refusal(String text) {
        try {
            return "accepted: " + parse(text);
        } catch (ImageException e) {
            assertThat(e.kind()).isEqualTo(ErrorKind.INVALID);
            return String.valueOf(e.getMessage());
        }
    }

    @Test
    void anEmptyFileLeavesTheDefaults() {
        assertThat(DaemonConfig.of(parse(""))).isEqualTo(DaemonConfig.of(SettingValues.none()));
    }

    @ParameterizedTest
    @CsvSource({
        "'\"30s\"', 30000",
        "'\"2m\"', 120000",
        "'\"250ms\"', 250",
        "'\"1h\"', 3600000",
        "45, 45000",
    })
    void timesHaveUnits(String value, long millis) {
        SettingValues set = parse("[lazy]\nread-timeout = " + value);
        assertThat(DaemonConfig.of(set).lazy().readTimeout()).isEqualTo(Duration.ofMillis(millis));
    }

    @ParameterizedTest
    @CsvSource({"'\"10GiB\"', 10737418240", "'\"5 MB\"', 5000000", "'\"7B\"', 7", "12345, 12345", "0, 0"})
    void sizesHaveUnits(String value, long bytes) {
        SettingValues set = parse("[lazy]\nlayers-quota = " + value);
        assertThat(DaemonConfig.of(set).lazy().layersQuota()).isEqualTo(bytes);
    }

    @Test
    void anUnknownKeyIsRefusedWithTheNearestAndItsLine() {
        assertThat(refusal("[log]\nlevel = \"info\"\n[lazy]\nbandwith = 1"))
                .isEqualTo("c.toml:4: unknown key 'lazy.bandwith'; did you mean 'lazy.bandwidth'?");
        assertThat(refusal("bandwidth = 1")).contains("did you mean 'lazy.bandwidth'?");
        assertThat(refusal("[lazzy]\nbandwidth = 1")).contains("c.toml:1: unknown table 'lazzy'");
        assertThat(refusal("xylophone = 1")).contains("unknown key 'xylophone'; docs/config.md");
        assertThat(refusal("[registry.\"a.b:5\"]\nplain-htp = true"))
                .isEqualTo("c.toml:2: unknown key 'registry.\"a.b:5\".plain-htp'; did you mean 'plain-http'?");
    }

    @Test
    void everyProblemIsToldAtOnce() {
        assertThat(refusal("adress = \"/a\"\n[lazy]\nbandwidth = \"fast\"\nbackground = 1")
                        .lines())
                .hasSize(3);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "address = \"relative\"",
                "address = 5",
                "log = 5",
                "[log]\nformat = \"xml\"",
                "[log.level]\nx = 1",
                "[lazy]\nread-timeout = \"0s\"",
                "[lazy]\nread-timeout = \"25h\"",
                "[lazy]\nread-timeout = \"30\"",
                "[lazy]\nread-timeout = 9223372036854775807",
                "[lazy]\nbandwidth = -1",
                "[lazy]\nbandwidth = 1.5",
                "[lazy]\nbandwidth = \"9999999999999TiB\"",
                "[lazy]\nbandwidth = 99999999999999999999999",
                "[lazy]\nbackground = \"yes\"",
                "[registries]\nconcurrency = 0",
                "[registries]\nconcurrency = 4294967300",
                "[registries]\ncert-dir = [\"/a\"]",
            })
    void wrongTypesAndRangesAreRefusedWithWhatIsExpected(String text) {
        assertThat(refusal(text)).startsWith("c.toml:").contains("expected");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a = ", "[log\n", "a = 1\na = 2", "[log]\n[log]\n", "= 3", "\0"})
    void whatIsNotTomlIsRefused(String text) {
        assertThat(refusal(text)).startsWith("c.toml:").contains("this is not TOML");
    }

    @Test
    void otherEncodingsAreRefused() {
        assertThatThrownBy(() -> ConfigParser.parse("c.toml", new byte[] {'#', (byte) 0xff}))
                .hasMessageContaining("not UTF-8");
    }

    @Test
    void registriesHaveTablesOfTheirOwn() {
        SettingValues set = parse("[registry.\"localhost:5000\"]\nplain-http = true\n[registry.\"b.c\"]\n"
                + "tls-verify = false\ncert-dir = \"/certs\"");
        var resolver = DaemonConfig.of(set).registries().resolver(Optional.empty(), Map.of());
        assertThat(resolver.plainHttp()).isFalse();
        assertThat(resolver.at("localhost:5000").plainHttp()).isTrue();
        assertThat(resolver.at("localhost:5000").linkLocal()).isFalse();
        assertThat(resolver.at("b.c").tlsVerify()).isFalse();
        assertThat(resolver.at("b.c").certDirectory()).contains(Path.of("/certs"));
        assertThat(resolver.at("other").plainHttp()).isFalse();
        SettingValues flagged = set.withFlag(Settings.TLS_VERIFY, true);
        assertThat(DaemonConfig.of(flagged)
                        .registries()
                        .resolver(Optional.empty(), Map.of())
                        .at("b.c")
                        .tlsVerify())
                .isTrue();
    }

    @Test
    void tablesOfRegistriesNeedQuotesAndAHost() {
        assertThat(refusal("[registry.ghcr.io]\nplain-http = true")).contains("[registry.\"ghcr.io\"]");
        assertThat(refusal("[registry.\"a b\"]\nplain-http = true")).contains("is not a registry host");
        assertThat(refusal("[registry]\nplain-http = true")).contains("set it in [registries]");
    }

    @Test
    void aFlagGoesBeforeTheFileAndTheFileBeforeTheDefault() {
        SettingValues file = parse("[log]\nlevel = \"info\"\n[lazy]\nread-timeout = \"5s\"");
        assertThat(DaemonConfig.of(file).lazy().readTimeout()).isEqualTo(Duration.ofSeconds(5));
        SettingValues flagged = file.withFlag(Settings.READ_TIMEOUT, Duration.ofSeconds(9));
        assertThat(DaemonConfig.of(flagged).lazy().readTimeout()).isEqualTo(Duration.ofSeconds(9));
        assertThat(DaemonConfig.of(flagged).lazy().prepareTimeout()).isEqualTo(Duration.ofSeconds(30));
        assertThat(file.orElse(Settings.LOG_LEVEL, Optional.of(LogLevel.DEBUG))).isEqualTo(file);
        assertThatExceptionOfType(ImageException.class)
                .isThrownBy(() -> file.withFlag(Settings.CONCURRENCY, 0))
                .withMessageContaining("--concurrency");
    }

    @Test
    void whatAppliesIsPrintedAsAFileThatSaysTheSame() {
        SettingValues set = parse("address = \"/a\\\"b\"\n[lazy]\nbandwidth = \"20MB\"\nread-timeout = \"90s\"\n"
                + "[registry.\"x:1\"]\nplain-http = true");
        SettingValues again = parse(EffectiveConfig.toml(set));
        assertThat(DaemonConfig.of(again)).isEqualTo(DaemonConfig.of(set));
    }

    @Test
    void filesThatCannotBeReadAreNamed() throws Exception {
        Path none = folder.resolve("none.toml");
        assertThatThrownBy(() -> ConfigFile.read(Optional.of(none)))
                .hasMessageContaining(none.toString())
                .hasMessageContaining("does not exist");
        assertThatThrownBy(() -> ConfigFile.read(Optional.of(folder))).hasMessageContaining("is a directory");
        Path large = Files.writeString(folder.resolve("large"), "#".repeat(ConfigFile.MAX_BYTES + 1));
        assertThatThrownBy(() -> ConfigFile.read(Optional.of(large))).hasMessageContaining("larger than");
    }
}
