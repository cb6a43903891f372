"""What holds for the whole tree: who may import whom, how code looks, what members and papers must say."""
