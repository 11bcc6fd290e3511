"""The transparency log: two leaves a filing, its receipt's and its letters', in a Merkle tree that anyone can check."""
