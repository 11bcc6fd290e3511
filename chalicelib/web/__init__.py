"""HTTP at the edge: who calls, what the body says, and how every refusal is answered."""
