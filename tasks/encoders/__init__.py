"""Takes a pretrained encoder from a folder: its weights under this package's names, its tokenizer, its pooling."""
