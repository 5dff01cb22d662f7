"""What a visitor may ask of Tailor: to see what is remembered, to correct it, to take it along, to have it erased."""
