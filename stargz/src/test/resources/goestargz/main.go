// Opens an eStargz blob with the library of the stargz-snapshotter, verifies its index and every chunk, and prints
// one line a file: name, type, size, mode, uid, gid, time, link name, number of chunks, digest of the content.
package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"sort"

	"github.com/containerd/stargz-snapshotter/estargz"
	digest "github.com/opencontainers/go-digest"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	f, err := os.Open(os.Args[1])
	check(err)
	info, err := f.Stat()
	check(err)
	r, err := estargz.Open(io.NewSectionReader(f, 0, info.Size()))
	check(err)
	verifier, err := r.VerifyTOC(digest.Digest(os.Args[2]))
	check(err)
	root, ok := r.Lookup("")
	if !ok {
		check(fmt.Errorf("no root"))
	}
	var lines []string
	walk(r, verifier, "", root, &lines)
	sort.Strings(lines)
	for _, line := range lines {
		fmt.Println(line)
	}
}

func walk(r *estargz.Reader, v estargz.TOCEntryVerifier, path string, e *estargz.TOCEntry, lines *[]string) {
	e.ForeachChild(func(base string, child *estargz.TOCEntry) bool {
		name := base
		if path != "" {
			name = path + "/" + base
		}
		chunks, sum := 0, ""
		if child.Type == "reg" {
			chunks, sum = content(r, v, name, child)
		}
		*lines = append(*lines, fmt.Sprintf("%s|%s|%d|%o|%d|%d|%d|%s|%d|%s", name, child.Type, child.Size, child.Mode&07777,
			child.UID, child.GID, child.ModTime().UnixNano(), child.LinkName, chunks, sum))
		walk(r, v, name, child, lines)
		return true
	})
}

func content(r *estargz.Reader, v estargz.TOCEntryVerifier, name string, e *estargz.TOCEntry) (int, string) {
	hash := sha256.New()
	if e.Size == 0 {
		return 0, fmt.Sprintf("%x", hash.Sum(nil))
	}
	file, err := r.OpenFile(name)
	check(err)
	chunks := 0
	for at := int64(0); at < e.Size; chunks++ {
		chunk, ok := r.ChunkEntryForOffset(name, at)
		if !ok {
			check(fmt.Errorf("%s has no chunk at %d", name, at))
		}
		verifier, err := v.Verifier(chunk)
		check(err)
		n, err := io.Copy(io.MultiWriter(verifier, hash), io.NewSectionReader(file, at, chunk.ChunkSize))
		check(err)
		if !verifier.Verified() || n != chunk.ChunkSize {
			check(fmt.Errorf("%s: the chunk at %d is not what its digest says", name, at))
		}
		at += n
	}
	return chunks, fmt.Sprintf("%x", hash.Sum(nil))
}
