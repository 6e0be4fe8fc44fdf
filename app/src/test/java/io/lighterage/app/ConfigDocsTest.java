package io.lighterage.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.app.config.ConfigParser;
import io.lighterage.app.config.SettingValues;
import io.lighterage.app.config.Settings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ConfigDocsTest {
    @Test
    void theReferencePageSaysWhatTheFileMaySay() throws IOException {
        Path file = Repository.top().resolve("docs/config.md");
        if (Boolean.getBoolean("lighterage.docs.write")) {
            Files.writeString(file, ConfigDocs.page());
        }
        assertThat(file)
                .as("docs/config.md is out of date; write it again with ./mvnw -pl app -am test -Dtest=ConfigDocsTest"
                        + " -Dlighterage.docs.write=true -Dsurefire.failIfNoSpecifiedTests=false")
                .hasContent(ConfigDocs.page());
    }

    @Test
    void theExampleIsAFileThatIsRead() {
        SettingValues read = ConfigParser.parse("example", ConfigDocs.example().getBytes(StandardCharsets.UTF_8));
        assertThat(read.values()).hasSameSizeAs(Settings.ALL);
        assertThat(read.hosts().get("registry.internal:5000")).hasSameSizeAs(Settings.OF_HOST);
    }
}
