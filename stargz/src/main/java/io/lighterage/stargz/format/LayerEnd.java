package io.lighterage.stargz.format;

/// What the last bytes of a layer lead to: its table of contents, or word that it lies outside the blob.
public sealed interface LayerEnd permits UnverifiedLayer, DetachedLayer {}
