package io.lighterage.proxyplugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Timestamp;
import io.grpc.Status;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.LabelUpdate;
import io.lighterage.contentstore.SnapshotKey;
import io.lighterage.contentstore.SnapshotKind;
import io.lighterage.contentstore.SnapshotRecord;
import io.lighterage.proxyplugin.protocol.Info;
import io.lighterage.proxyplugin.protocol.Kind;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MessagesTest {
    private static final Map<String, String> LABELS = Map.of("a", "1", "b.c", "2");

    @Test
    void noMaskAndTheMaskOfAllLabelsReplaceThem() {
        LabelUpdate all = new LabelUpdate.Replace(LABELS);
        assertThat(Messages.labelUpdate(List.of(), LABELS)).isEqualTo(all);
        assertThat(Messages.labelUpdate(List.of("labels"), LABELS)).isEqualTo(all);
        assertThat(Messages.labelUpdate(List.of("labels.a", "labels"), LABELS)).isEqualTo(all);
    }

    @Test
    void aMaskOfKeysChangesThose() {
        assertThat(Messages.labelUpdate(List.of("labels.a", "labels.b.c", "labels.gone"), LABELS))
                .isEqualTo(new LabelUpdate.Patch(Set.of("a", "b.c", "gone"), LABELS));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "name", "parent", "kind", "created_at", "labels.", "labelsx", "Labels", "label.a"})
    void anyOtherMaskIsRefused(String path) {
        assertThatThrownBy(() -> Messages.labelUpdate(List.of("labels", path), LABELS))
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID));
    }

    @Test
    void everyKindOfSnapshotIsSaid() {
        Instant time = Instant.ofEpochSecond(1, 999_999_999);
        for (SnapshotKind kind : SnapshotKind.values()) {
            Info info = Messages.info(new SnapshotRecord(
                    1,
                    SnapshotKey.of(new byte[] {(byte) 0xff}),
                    kind,
                    Optional.empty(),
                    LABELS,
                    time,
                    time,
                    Optional.empty()));
            assertThat(info.getKind()).isNotEqualTo(Kind.UNKNOWN).hasToString(kind.name());
            assertThat(info.getName().toByteArray()).containsExactly(0xff);
            assertThat(info.getCreatedAt())
                    .isEqualTo(Timestamp.newBuilder()
                            .setSeconds(1)
                            .setNanos(999_999_999)
                            .build());
        }
    }

    @Test
    void everyKindOfFailureHasAStatusOfItsOwn() {
        Set<Status.Code> codes = EnumSet.noneOf(Status.Code.class);
        for (ErrorKind kind : ErrorKind.values()) {
            Status status = StatusOf.failure(new ImageException(kind, "what " + kind));
            assertThat(status.getCode()).isNotIn(Status.Code.OK, Status.Code.UNKNOWN);
            assertThat(status.getDescription()).isEqualTo("what " + kind);
            codes.add(status.getCode());
        }
        assertThat(codes).hasSize(ErrorKind.values().length - 1); // RATE_LIMITED is UNAVAILABLE
        assertThat(StatusOf.failure(new IllegalStateException("odd")).getCode()).isEqualTo(Status.Code.INTERNAL);
    }
}
