package io.lighterage.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class CliDocsTest {
    @Test
    void theReferencePageSaysWhatTheCommandDoes() throws IOException {
        Path file = Repository.top().resolve("docs/cli.md");
        if (Boolean.getBoolean("lighterage.docs.write")) {
            Files.writeString(file, CliDocs.page());
        }
        assertThat(file)
                .as("docs/cli.md is out of date; write it again with ./mvnw -pl app -am test -Dtest=CliDocsTest"
                        + " -Dlighterage.docs.write=true -Dsurefire.failIfNoSpecifiedTests=false")
                .hasContent(CliDocs.page());
    }
}
