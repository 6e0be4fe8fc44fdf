// Runs containerd's suite for snapshotters against whoever serves SOCKET: a snapshotter, or a containerd in front of one
// when NAMESPACE is set, which has to know it by the name "lighter".
package conformance

import (
	"context"
	"os"
	"testing"

	api "github.com/containerd/containerd/api/services/snapshots/v1"
	"github.com/containerd/containerd/snapshots"
	"github.com/containerd/containerd/snapshots/proxy"
	"github.com/containerd/containerd/snapshots/testsuite"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

func named(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "containerd-namespace", os.Getenv("NAMESPACE"))
}

func call(ctx context.Context, method string, request, reply interface{}, connection *grpc.ClientConn, next grpc.UnaryInvoker, options ...grpc.CallOption) error {
	return next(named(ctx), method, request, reply, connection, options...)
}

func stream(ctx context.Context, description *grpc.StreamDesc, connection *grpc.ClientConn, method string, next grpc.Streamer, options ...grpc.CallOption) (grpc.ClientStream, error) {
	return next(named(ctx), description, connection, method, options...)
}

func TestSnapshotter(t *testing.T) {
	testsuite.SnapshotterSuite(t, "lighter", func(context.Context, string) (snapshots.Snapshotter, func() error, error) {
		options := []grpc.DialOption{grpc.WithInsecure()}
		if os.Getenv("NAMESPACE") != "" {
			options = append(options, grpc.WithUnaryInterceptor(call), grpc.WithStreamInterceptor(stream))
		}
		connection, err := grpc.Dial("unix://"+os.Getenv("SOCKET"), options...)
		if err != nil {
			return nil, nil, err
		}
		return proxy.NewSnapshotter(api.NewSnapshotsClient(connection), "lighter"), connection.Close, nil
	})
}
