"""Pictures that people upload: photos of customers, logos. Decoded, made small, written anew; never served as sent."""
